"""Pure judging: gate, verdict, floor, bake, blame. Time is an argument, nothing here acts."""
