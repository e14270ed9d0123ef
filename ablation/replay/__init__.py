"""Published outcomes, replayed: what this package would have said before their authors knew how it ended.

`python -m ablation.replay {sft_to_rl,epochs,scaling,regmix} ...` reads a table of published figures, prints what the
decision, the curve or the mixture model makes of it, and compares with what came later in the same table.
"""
