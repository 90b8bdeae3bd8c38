"""How each kind of step is carried out on a guest; ``work/carry_out.py`` lists them all."""
