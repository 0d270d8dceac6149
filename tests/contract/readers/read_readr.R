# readr runs the lines given: the columns of the table that they make, how many rows, and the first of them.
suppressPackageStartupMessages(eval(parse(text = commandArgs(TRUE)[1])))
cat("\n", paste(names(table), collapse = "|"), nrow(table), paste(unlist(lapply(table[1, ], as.character)), collapse = "|"), sep = "\n")
