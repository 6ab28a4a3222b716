"""Our generator of evasions: one function for each named class, from a mark's name and a seed.

Invented for this set and independent of the matcher's tables, but for readings (pypinyin).
A class that cannot be made of a name gives None.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache

from pypinyin import Style, lazy_pinyin, pinyin

# Characters an imitator puts in at will: neither sound nor form is kept.
ARBITRARY = (
    "云真雪豪露霸大小金银福喜乐天美佳新好红黑龙虎牛马山海花草宝贝王皇东南西北风雷星月光亮奇妙"
)
ALIKE = (
    "未末 士土 日曰 人入 己已 天夫 白自 木本 兔免 王玉 大太 千干 鸟乌 田由 牛午 力刀 米来 "
    "禾木 贝见 方万 光先 乐东 泉皇 朵杂 谷合 源原 恒桓 达迖 香杳 雅稚 飞气 洁浩 澈撤 漾样 "
    "岚风 棠裳 驰弛 贵责 堂常 步涉 狼狠 郎朗 鸿鸣 乔桥 峰锋 伦论 铃玲 星皇 龙尤 蓝篮 鲸惊 "
    "音暗 格洛 奥粤 尔你 娘浪 仁仨 张帐 心必 维唯 纸低 熊能 虎虚 爱受 奇寄 周同 祥样 凤风 "
    "仙仑 茅芽 剑创 古右 会合 泸沪 博搏 田甲 莱菜 富福 思恩 马鸟 竹行 叶什 益盆 春舂 灯订 "
    "塔搭 石右 榴溜 豚啄 筝争 鸽鸣 橡像 树村 葵癸 蜻晴 蜓挺 山出 青清 "
)
TRADITIONAL = {
    "乐": "樂", "龙": "龍", "马": "馬", "鸟": "鳥", "贝": "貝", "万": "萬", "东": "東", "凤": "鳳",
    "鲸": "鯨", "蓝": "藍", "泸": "瀘", "剑": "劍", "宝": "寶", "兰": "蘭", "达": "達", "飞": "飛",
    "谷": "穀", "维": "維", "润": "潤", "净": "淨", "狮": "獅", "跃": "躍", "驰": "馳", "伦": "倫",
}  # fmt: skip
LETTERS = {"l": "1", "o": "0", "e": "3", "i": "l", "a": "4", "s": "5", "m": "rn", "w": "vv"}
SOUNDS = {"c": "k", "k": "c", "ph": "f", "f": "ph", "x": "ks", "z": "s", "i": "y", "ou": "u"}


def is_han(name: str) -> bool:
    """Return whether a name is written in Chinese characters."""
    return all("一" <= c <= "鿿" for c in name)


@cache
def homophones() -> dict[str, str]:
    """Return the common characters of each toneless syllable (GB 2312, first level)."""
    found: dict[str, str] = {}
    for high in range(0xB0, 0xD8):
        for low in range(0xA1, 0xFF):
            try:
                character = bytes((high, low)).decode("gb2312")
            except UnicodeDecodeError:
                continue
            syllable = pinyin(character, style=Style.NORMAL)[0][0]
            found[syllable] = found.get(syllable, "") + character
    return found


def _put(name: str, at: int, new: str) -> str:
    return name[:at] + new + name[at + 1 :]


def arbitrary(name: str, chance: random.Random) -> str | None:
    """One character of a Chinese name replaced by any other, one letter of a Latin one."""
    at = chance.randrange(len(name))
    if is_han(name):
        return _put(name, at, chance.choice([c for c in ARBITRARY if c not in name]))
    if len(name) < 5 or not name[at].isalpha():
        return None
    new = chance.choice([c for c in "aeioustnrlmdkgb" if c != name[at].lower()])
    return _put(name, at, new.upper() if name[at].isupper() else new)


def homophone(name: str, chance: random.Random) -> str | None:
    """One character replaced by one of the same sound."""
    if not is_han(name):
        return None
    at = chance.randrange(len(name))
    others = [c for c in homophones().get(lazy_pinyin(name[at])[0], "") if c not in name]
    return _put(name, at, chance.choice(others)) if others else None


def lookalike(name: str, chance: random.Random) -> str | None:
    """One character replaced by one that looks alike, one letter by a digit or two letters."""
    if is_han(name):
        pairs = [(p[0], p[1]) for p in ALIKE.split()] + [(p[1], p[0]) for p in ALIKE.split()]
        fits = [(at, new) for old, new in pairs for at, c in enumerate(name) if c == old]
    else:
        fits = [(at, LETTERS[c]) for at, c in enumerate(name) if c in LETTERS and at]
    return _put(name, *chance.choice(fits)) if fits else None


def swapped(name: str, chance: random.Random) -> str | None:
    """Two neighbours in the other order."""
    if len(name) < 3:
        return None
    at = chance.randrange(len(name) - 1)
    if name[at].lower() == name[at + 1].lower() or not name.isalpha():
        return None
    turned = name[:at] + name[at + 1] + name[at] + name[at + 2 :]
    return turned if is_han(name) else turned.capitalize()


def doubled(name: str, chance: random.Random) -> str | None:
    """One letter doubled or left out."""
    if is_han(name) or len(name) < 5:
        return None
    at = chance.randrange(1, len(name))
    return _put(name, at, name[at] * 2 if chance.random() < 0.5 else "")


def phonetic(name: str, chance: random.Random) -> str | None:
    """Letters replaced by others that are heard alike."""
    fits = [old for old in SOUNDS if old in name[1:]]
    if is_han(name) or not fits:
        return None
    old = chance.choice(fits)
    return name[0] + name[1:].replace(old, SOUNDS[old], 1)


def added(name: str, chance: random.Random) -> str | None:
    """A character or ending put before or behind."""
    if is_han(name):
        new = chance.choice("新小大金王")
        return None if len(name) < 3 or new in name else name + new
    return name + chance.choice(("Pro", "X", "s", "Plus")) if len(name) >= 5 else None


def spelled(name: str, chance: random.Random) -> str | None:
    """Written in pinyin, or one character of it in pinyin."""
    if not is_han(name):
        return None
    letters = lazy_pinyin(name)
    if chance.random() < 0.5:
        return "".join(letters).capitalize() if len(name) >= 3 else None
    at = chance.randrange(len(name))
    return _put(name, at, letters[at])


def hidden(name: str, chance: random.Random) -> str | None:
    """Separators, hidden characters, full width, traditional characters, other scripts."""
    way = chance.randrange(4)
    if way == 0:
        return chance.choice("·-. /|").join(name) if is_han(name) else "-".join(name)
    if way == 1:
        return name[0] + chance.choice("\u200b\u2060\u200d") + name[1:]
    if is_han(name):
        changed = "".join(TRADITIONAL.get(c, c) for c in name)
        return changed if changed != name else None
    if way == 2:
        return "".join(chr(ord(c) + 0xFEE0) if c.isalnum() else c for c in name)
    return name.replace("a", "а").replace("o", "о").replace("e", "е")


CLASSES: dict[str, Callable[[str, random.Random], str | None]] = {
    "arbitrary": arbitrary,
    "homophone": homophone,
    "lookalike": lookalike,
    "swapped": swapped,
    "doubled": doubled,
    "phonetic": phonetic,
    "added": added,
    "spelled": spelled,
    "hidden": hidden,
}
