"""The command line: doctor, explain, evaluate, train, tables, figures, scoreboard."""
