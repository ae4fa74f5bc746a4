"""What bench/peers.py does with each forwarder, a module each:

  takes(contestant)                     whether it takes part
  measure(stage, contestant, figures)   does it once, the forwarder alone on the machine but for Kafka and the load
  table(contestants, figures)           lines of Markdown, from the medians
  KEEPS                                 whether Kafka keeps everything, to be counted
"""
