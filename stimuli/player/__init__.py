"""The film player: a process of its own that logs when each film frame was on the screen.

    process   the parent's handle: starts the player, gives orders, hands on its events; no Qt
    launch    how the process is started, and its ways of failing as one line with the remedy
    displays  which displays and sound outputs there are (`--probe`)
    play      `mexlab stimuli play`
    __main__  the process: instructions, ready key, film, closing clip, thanks
    presenter window words keys record screensaver    its parts

It is a process because importing cv2, which cameras need, points Qt at another set of plugins; and
because nothing that a recorder does then delays a picture. JSON lines go over stdin and stdout.
"""
