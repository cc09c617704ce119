"""What the networks are built of; each block states its shapes and the paper's equation numbers.

tokens       patches, positions (1, 8-11, 21)      attention  one and several heads (2-7)
mixer        the Inception token mixer (22-27)     transformer  blocks and ViT (28)
cbam         channels, then places (12-20)         inception  four convolutions side by side
laplacian    a fixed filter for edges              lstm       the cell, and a clip's end (29-32)
constraint   what flow must keep to (33-36)        weights    initial values, weight decay

Maps are [batch, channels, height, width]; tokens are [batch, tokens, width], row by row. A map made
of tokens is a view on them: it is then channels_last in memory, which convolutions on a processor
and on tensor cores like best. docs/equations.md leads from each equation to its code and test.
"""
