"""The rows of bench/path.py's table. Each module is one idea:

  measure(world, figures)   measures it once, both sides one behind the other; called several times
  rows(world, figures)      its rows of the table, from the medians
"""
