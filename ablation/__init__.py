"""Does this data help, and when does it stop helping?"""
