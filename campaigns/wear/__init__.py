# SPDX-License-Identifier: GPL-2.0-or-later
"""Does it wear out? Figures of the image, a long life, lives to the very end.

Four parts: erases and programmed bytes per command, on the image of each board, held against
`golden.toml`; a long life of the store, after which no sector may be much more worn than the mean;
a PIN tried a hundred thousand times; lives on flash that endures a few erases only, with each way
in which sectors fail and with power cuts, with a look at all that must be there (LIFE-1).
"""
