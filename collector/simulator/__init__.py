"""A simulated participant: a real face still, moved at known times by known amounts.

`faces` finds the stills in installed packages, `portrait` makes one person of a still, `script`
decides what happens when, `action_units` and `displacement` say how an emotion moves a face,
`eyelids` and `head` how it blinks and sways, and `render` puts a frame together.
"""
