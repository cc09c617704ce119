"""Keeps the screen saver and the sleeping display away while a participant watches.

Windows: SetThreadExecutionState. macOS: `caffeinate`, which ends with this process. Elsewhere the
desktop's org.freedesktop.ScreenSaver on D-Bus, which forgets the request when this process ends.
Where the desktop offers none of them, nothing is held off, and `hold_off` says so.
"""

import ctypes
import os
import subprocess
import sys

ES_CONTINUOUS = 0x80000000  # until this thread says otherwise, or ends
ES_SYSTEM_REQUIRED = 0x00000001
ES_DISPLAY_REQUIRED = 0x00000002
WINDOWS_STATE = ES_CONTINUOUS | ES_SYSTEM_REQUIRED | ES_DISPLAY_REQUIRED

SERVICE = "org.freedesktop.ScreenSaver"
OBJECT_PATH = "/org/freedesktop/ScreenSaver"
REASON = "a participant watches a film"


def hold_off(platform: str = sys.platform) -> bool:
    """Hold the screen saver off until this process ends. False where nothing here does that.

    To be called in the main thread: on Windows the request is the thread's.
    """
    if platform == "win32":
        return _windows()
    if platform == "darwin":
        return _macos(os.getpid())
    return _desktop()


def caffeinate_command(pid: int) -> list[str]:
    """macOS: no display sleep (-d), no idle sleep (-i), until process `pid` ends (-w)."""
    return ["/usr/bin/caffeinate", "-d", "-i", "-w", str(pid)]


def _windows() -> bool:
    kernel: ctypes.CDLL = ctypes.WinDLL("kernel32")  # type: ignore[attr-defined,unused-ignore]
    set_state = kernel.SetThreadExecutionState
    set_state.argtypes, set_state.restype = [ctypes.c_uint32], ctypes.c_uint32
    return bool(set_state(WINDOWS_STATE))  # 0 means refused


def _macos(pid: int) -> bool:
    try:
        subprocess.Popen(caffeinate_command(pid), stdin=subprocess.DEVNULL)
    except OSError:
        return False
    return True


def _desktop() -> bool:
    from PySide6.QtDBus import QDBusConnection, QDBusInterface, QDBusMessage

    bus = QDBusConnection.sessionBus()
    if not bus.isConnected():
        return False
    saver = QDBusInterface(SERVICE, OBJECT_PATH, SERVICE, bus)
    saver.setTimeout(1000)  # ms
    reply = saver.call("Inhibit", "mexlab", REASON)
    return reply.type() == QDBusMessage.MessageType.ReplyMessage
