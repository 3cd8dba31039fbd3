"""A plug-in for estim: one invented family with its software unit, and one program."""
