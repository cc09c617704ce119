"""What several stages need from pictures: frames with true times, face landmarks, crop, flow.

The only part of `mexlab` that may import av and cv2; mediapipe is imported where it is opened.
"""
