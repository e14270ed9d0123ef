"""Ordinary English to build rows from: subjects, each with six sentences that a helpful answer about it might hold."""

from __future__ import annotations

_TEXT = """
sourdough bread | A young starter often needs a week of feeding before it can lift a loaf.
  | Fold the dough every half hour instead of kneading it hard.
  | Usually the oven must be hotter than people expect, with a pan of water below.
  | A dense crumb is a sign of too little fermentation, not of too much flour.
  | Let the loaf cool completely, because the inside keeps cooking for a while.
  | Keep a spoon of the starter back for the next bake.
bicycle chains | Wipe the chain with a dry cloth before you add any oil.
  | One small drop on each roller is enough for most riders.
  | A worn chain quickly ruins the cassette, so measure it twice a year.
  | Wet lube holds in the rain but collects dirt on dusty roads.
  | Shift through all gears after the job to spread the oil.
  | Listen for a grinding noise, which often means the links are dry.
compost | Mix kitchen scraps with dry leaves so that air can reach the middle.
  | The heap should feel like a damp sponge and smell of soil. | Turn it with a fork whenever the centre gets cold.
  | Meat and cheese attract rats and should stay out. | Chop large stalks, because small pieces rot much faster.
  | Ready compost is dark, loose and no longer warm.
tax returns | Collect every receipt in one folder before you open the form.
  | A home office counts only if it is used for work and for nothing else.
  | Missing the deadline usually costs more than asking for an extension.
  | Keep copies for several years in case the office asks for proof.
  | Donations need a letter from the charity with its number.
  | Check the bank details twice, since a wrong digit delays the refund.
volcanoes | Magma rises because it is lighter than the rock around it.
  | Thick lava traps gas and tends to erupt with great violence.
  | Thin lava flows for miles and builds broad, gentle shields.
  | Ash can stop aircraft engines far away from the crater.
  | Swarms of small earthquakes often come before an eruption. | Old volcanic soil is rich and feeds many farms.
the immune system | White blood cells patrol the body and look for foreign proteins.
  | A fever slows the growth of many bacteria. | Memory cells allow a faster answer when the same germ comes back.
  | Vaccines show the body a harmless piece of the invader.
  | Allergies begin when a harmless substance is taken for a threat.
  | Sleep and regular meals help more than most pills.
job interviews | Read the advert again on the morning of the talk.
  | Prepare three short stories that show how you solved a problem.
  | Ask about the first month, because it shows that you plan ahead.
  | Silence is fine while you think about a hard question. | Never speak badly of a former employer.
  | Send a brief note of thanks the next day.
solar panels | A roof that faces south gives the best yield in northern countries.
  | Even a little shade on one panel can slow the whole string. | The inverter is usually the first part that fails.
  | Rain cleans the glass well enough in most regions.
  | Batteries make sense when power is expensive in the evening.
  | Ask the grid company for permission before work begins.
houseplants | Most plants die from too much water rather than too little.
  | Lift the pot to judge how dry the soil has become. | Yellow leaves at the bottom are often just old.
  | Turn the pot every week so that the stem grows straight. | Dust on the leaves blocks light and invites mites.
  | Repot in spring when roots come out of the holes.
running a marathon | Add distance slowly, with an easier week now and then.
  | Long runs should be calm enough for a conversation. | Try every gel and every shoe in training first.
  | Sleep matters more in the last week than any workout. | Start the race slower than feels right.
  | Walk through the water stations to drink properly.
chess openings | Put a pawn in the centre and bring out the knights early. | Castle before you begin an attack.
  | Moving the same piece twice usually wastes time. | A queen that comes out early gets chased around.
  | Learn the ideas behind the moves instead of long lines. | Look at what the last move of your opponent threatens.
black holes | Nothing that crosses the horizon can send a signal back.
  | Time runs slower close to such a massive object, as seen from far away.
  | Gas heats up while it spirals inward and shines in X-rays.
  | Large galaxies seem to host a giant one in their core. | Two of them can merge and shake space itself.
  | A star needs many times the mass of the sun to end this way.
database indexes | An index speeds up reading at the price of slower writes.
  | The order of columns matters in a compound index. | A query on a function of a column often cannot use it.
  | Small tables are scanned anyway, whatever you create. | Look at the plan before and after the change.
  | Unused indexes waste memory and should be dropped.
espresso | Grind finer when the shot runs too fast and tastes sour. | Level the coffee before you tamp it.
  | Beans are at their best a couple of weeks after roasting.
  | Bitter coffee has usually been extracted for too long.
  | Clean the shower screen daily, because old oil turns rancid. | Warm the cup so that the crema lasts.
city trees | Roots need loose soil more than they need fertiliser.
  | A young tree must be watered for its first three summers. | Shade from large crowns cools a street noticeably.
  | Salt from winter roads slowly poisons the bark.
  | Choose several species so that one disease cannot kill them all.
  | Residents often look after trees that carry a name plate.
home insulation | Seal the gaps first, since moving air carries away most heat.
  | The attic pays back sooner than the walls. | A vapour barrier belongs on the warm side.
  | Damp insulation loses much of its effect. | Thick curtains help a little on cold nights.
  | Ask for a thermal photo before you spend money.
bees | A healthy colony can hold tens of thousands of workers in summer.
  | The queen lays eggs while the workers decide almost everything else.
  | Dancing bees tell their sisters where the flowers are. | Mites are the main reason why hives die in winter.
  | Leave enough honey for the cold months. | Plant flowers that bloom late in the year.
sailing knots | A bowline makes a loop that does not slip. | The clove hitch is quick but may work loose.
  | A figure eight at the end keeps the rope from running out.
  | Practise with gloves, because you will need them at sea. | Wet rope holds differently from dry rope.
  | Always check a knot with a firm pull.
the French Revolution | Bread prices rose sharply in the years before the revolt.
  | The old assembly had not met for well over a century. | Many peasants hoped mainly for an end to feudal dues.
  | War with the neighbours made the new government harsher. | The king lost all trust when he tried to flee.
  | A young general finally took power in a coup.
neural networks | Each layer turns its input into a slightly more useful picture.
  | The error is passed backwards to adjust the weights.
  | A learning rate that is too big makes the loss jump around. | More data often helps more than a deeper model.
  | Keep a test set that nobody looks at. | Random seeds change results more than many people admit.
public speaking | Open with a story instead of an apology. | Look at one person for a whole sentence.
  | Slides should hold pictures and few words. | A short pause sounds confident to the audience.
  | Rehearse aloud, because silent reading hides the hard parts. | End with what the listeners should do next.
rainwater tanks | The first rain washes dirt from the roof, so let it run off. | A fine mesh keeps mosquitoes away.
  | Dark tanks stop algae from growing. | Place it high enough for the watering can.
  | Empty the pipes before the first frost. | Check local rules before you connect it to the house.
migraines | Bright light and missed meals are common triggers. | A diary helps to find patterns within a few weeks.
  | Medicine works best when it is taken early. | Too many painkillers can themselves cause headaches.
  | Regular sleep reduces attacks for many patients. | See a doctor at once if speech or vision changes suddenly.
glaciers | Snow turns into ice under its own weight over many years. | The ice flows downhill like very slow honey.
  | Deep cracks open where the bed becomes steep. | Meltwater underneath lets it slide faster.
  | Valleys shaped by ice look like the letter U. | Air bubbles in old ice tell us about past climates.
software testing | Write the test that fails before you fix the bug. | A slow suite is soon ignored by everybody.
  | Mock only what you do not own.
  | Flaky tests are worse than missing ones, because they teach people to look away.
  | Name the test after the behaviour it protects. | Check the error message as well as the error.
moving house | Label each box on the side and not on the top. | Pack an overnight bag as if you went on a trip.
  | Photograph the cables behind the television first. | Book the van early, since month ends fill up quickly.
  | Give the new address to the bank before the move. | Offer helpers lunch and a clear plan.
coral reefs | Tiny animals build the reef from limestone. | Algae inside them deliver most of their food.
  | Warm water drives the algae out and leaves the coral white. | Fish that graze keep seaweed from taking over.
  | Storms break branches that may grow again elsewhere. | Sunscreen without certain chemicals does less harm.
personal budgets | Write down every expense for one month before you judge any of them.
  | Pay savings first, as if they were a bill. | Small subscriptions add up to a surprising amount.
  | Keep three months of costs within easy reach. | Debts with high interest deserve the first spare money.
  | Review the plan whenever your income changes.
violin practice | Slow scales show every fault of the bow arm. | Tune before you play and again after a few minutes.
  | Short daily sessions beat one long evening. | Record yourself, because the ear is kinder while playing.
  | Loosen the bow hair when you finish. | A mirror reveals a raised shoulder.
wildfires | Dry grass carries flames faster than tall trees do. | Wind can throw embers across a wide river.
  | Clear the gutters, as dead leaves catch sparks easily. | Leave early, because roads fill with smoke and cars.
  | Controlled burns in cool weather remove the fuel. | Some seeds only open after a fire.
contracts | Read the part about ending the agreement first. | A clear definition prevents most quarrels later.
  | Both sides should sign every page of the annex. | Spoken promises are hard to prove in court.
  | Dates should name the time zone when parties live far apart.
  | Have a lawyer look at anything you do not understand.
vaccines for travel | Visit a clinic at least six weeks before departure.
  | Some countries ask for proof of yellow fever protection. | Malaria is prevented with tablets and nets.
  | A sore arm for a day is quite normal. | Old booster shots may still count, so bring the booklet.
  | Pregnant travellers need special advice.
map projections | A flat map must distort area, shape or distance.
  | Sailors liked the one that keeps compass angles straight. | Countries near the poles look far too large on it.
  | Equal area maps are better for comparing regions. | A globe avoids the problem but hardly fits in a pocket.
  | Choose the projection after you know the question.
dog training | Reward the behaviour within a second or two. | Short sessions before meals work best.
  | Use one word for one command throughout the family. | Punishment often teaches fear and little else.
  | Practise in a quiet room before you try the park. | A tired dog learns poorly.
steam engines | Water grows enormously in volume when it becomes steam.
  | The piston pushes a rod that turns the wheel. | A separate condenser saved a great deal of coal.
  | The governor keeps the speed steady by itself. | Early boilers exploded rather often.
  | Railways spread quickly once rails were strong enough.
photography at night | Set the camera on a tripod and use the timer.
  | A wide aperture gathers more light from the stars. | Raise the sensitivity only as far as the noise allows.
  | Focus on a bright lamp far away and then leave it. | Cold drains batteries, so carry a spare one in your pocket.
  | A red torch protects your eyes.
inflation | Prices rise when demand runs ahead of supply. | Central banks raise rates to cool borrowing.
  | Wages tend to follow prices with a delay. | A little inflation makes debts easier to carry.
  | Expectations matter, because people act on them early. | Savings in cash slowly lose their value.
the water cycle | Sunlight lifts water from the sea into the air. | Clouds form when moist air cools on its way up.
  | Forests return a large share of the rain to the sky. | Some drops stay underground for thousands of years.
  | Cities speed the run to the river with hard surfaces. | Snow stores water for the dry season.
learning a language | Listen every day, even if you catch only half of it.
  | Speak from the first week and accept mistakes. | Cards with whole sentences stick better than single words.
  | Grammar makes more sense after you have met it in the wild. | Choose topics that you already love.
  | Progress comes in jumps, so be patient on flat stretches.
wooden floors | Let the boards rest in the room for some days before laying them.
  | Leave a gap along the wall, since wood moves with the seasons.
  | Sand with the grain and finish with a fine disc. | Oil is easier to repair than varnish.
  | Felt under chairs prevents most scratches. | Wipe spilled water at once.
"""


def _read() -> dict[str, tuple[str, ...]]:
    rows = (line.split(" | ") for line in _TEXT.replace("\n  |", " |").strip().splitlines())
    return {name: tuple(sentences) for name, *sentences in rows}


SUBJECTS: dict[str, tuple[str, ...]] = _read()
"""Subject -> its six sentences."""

NAMES = (
    *("Amina", "Björn", "Carla", "Dmitri", "Esi", "Farid", "Greta", "Hiro", "Imani", "José", "Keiko", "Leïla"),
    *("Marek", "Nadia", "Olu", "Priya", "Quentin", "Rosa", "Søren", "Tala", "Uma", "Viktor", "Wanda", "Zoë"),
)
CITIES = (
    *("Lagos", "Kraków", "Lima", "Osaka", "Bergen", "Tunis", "Quito", "Malmö", "Perth", "Bogotá", "Leipzig", "Hanoi"),
    *("Nairobi", "Porto", "Denver", "Tbilisi", "Córdoba", "Zürich", "Busan", "Halifax", "Jaipur", "Oulu", "Split"),
)
PLACES = ("school", "library", "clinic", "workshop", "bakery", "museum", "farm", "harbour", "studio", "shop", "hotel")

SYNONYMS = {
    "often": "frequently",
    "usually": "normally",
    "because": "since",
    "quickly": "rapidly",
    "faster": "more quickly",
    "begin": "start",
    "large": "big",
    "helps": "assists",
    "several": "a number of",
    "slowly": "gradually",
    "mainly": "mostly",
    "check": "verify",
    "choose": "pick",
    "while": "whilst",
    "needs": "requires",
    "finally": "eventually",
    "noticeably": "visibly",
    "almost": "nearly",
    "whenever": "each time",
    "common": "frequent",
    "sharply": "steeply",
    "ready": "finished",
    "therefore": "so",
    "people": "folks",
    "entire": "whole",
    "brief": "short",
}
"""Words that an editor might swap without changing what is said."""
