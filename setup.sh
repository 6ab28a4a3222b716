#!/bin/sh
# Set-up of markseal on a fresh machine: `sh setup.sh demo|test|service`.
# Makes the Python environments, finds or installs a browser and openssl, and
# says in one sentence what to do when something cannot be had. Running it again
# is quick; a half-finished set-up is repaired. Never needs to be undone: all it
# makes lies in .venv*/ and build/ (and, as root on Debian, Debian's packages).
set -eu
cd "$(dirname "$0")"
purpose=${1:-service}

stop() { # stop ZH EN
    printf '错误：%s\nError: %s\n' "$1" "$2" >&2
    exit 1
}
note() { printf '%s / %s\n' "$1" "$2" >&2; }

is_root() { [ "$(id -u)" = 0 ]; }
has_apt() { command -v apt-get >/dev/null 2>&1; }

debian() { # debian PACKAGE…: install as root on Debian; fails otherwise
    is_root && has_apt || return 1
    note "安装 Debian 软件包：$*" "installing Debian packages: $*"
    if [ -z "${apt_fresh:-}" ]; then
        apt-get update -qq >/dev/null 2>&1 || true
        apt_fresh=yes
    fi
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" \
        >build/apt.log 2>&1 || { tail -n 3 build/apt.log >&2; return 1; }
}

mkdir -p build

# ---- Python >= 3.11 with venv -------------------------------------------------
recent() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }
find_python() {
    for candidate in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
        if command -v "$candidate" >/dev/null 2>&1 && recent "$candidate"; then
            command -v "$candidate"
            return 0
        fi
    done
    return 1
}
python=$(find_python) || { debian python3 python3-venv && python=$(find_python); } || stop \
    "需要 Python 3.11 或更高版本；请安装后再试，或用 PYTHON=路径 指定。" \
    "Python 3.11 or newer is needed; install it, or name one with PYTHON=path, and try again."
if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    debian "python$version-venv" || stop \
        "Python 缺少 venv 模块；请让管理员运行 apt install python$version-venv。" \
        "This Python lacks venv; ask the administrator for: apt install python$version-venv."
fi

# ---- environments, one stamp each ----------------------------------------------
digest() { cat "$@" | "$python" -c 'import hashlib,sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())'; }
environment() { # environment FOLDER STAMP REQUIREMENTS…
    folder=$1 stamp=$1/$2
    shift 2
    wanted=$(digest "$@")
    if [ "$(cat "$stamp" 2>/dev/null || true)" = "$wanted" ] && "$folder/bin/python" -c '' 2>/dev/null; then
        return 1
    fi
    if ! "$folder/bin/python" -m pip --version >/dev/null 2>&1; then
        note "创建环境 $folder" "making the environment $folder"
        "$python" -m venv --clear "$folder" >build/venv.log 2>&1 || stop \
            "无法创建 $folder；详见 build/venv.log。" \
            "The environment $folder cannot be made; see build/venv.log."
    fi
    rm -f "$stamp"
    note "安装依赖 $*" "installing $*"
    for file in "$@"; do
        "$folder/bin/python" -m pip install --quiet --disable-pip-version-check \
            --require-hashes --requirement "$file" >build/pip.log 2>&1 || {
            tail -n 3 build/pip.log >&2
            stop "依赖安装失败；请检查网络后重新运行（详见 build/pip.log）。" \
                "The dependencies cannot be installed; check the network and run this again (see build/pip.log)."
        }
    done
    printf '%s\n' "$wanted" >"$stamp"
}

if environment .venv .markseal-service requirements.txt requirements-build.txt; then
    rm -f .venv/.markseal-package
fi
if [ "$(cat .venv/.markseal-package 2>/dev/null || true)" != "$PWD" ] || [ ! -x .venv/bin/markseal ]; then
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps \
        --no-build-isolation --no-index --editable . >build/pip.log 2>&1 || {
        tail -n 3 build/pip.log >&2
        stop "无法安装 markseal 本身；详见 build/pip.log。" \
            "markseal itself cannot be installed; see build/pip.log."
    }
    printf '%s\n' "$PWD" >.venv/.markseal-package
fi
case $purpose in
test) environment .venv .markseal-test requirements-dev.txt || true ;;
esac
case $purpose in
demo | test) environment .venv-demo .markseal-demo requirements-demo.txt || true ;;
esac

# ---- openssl, a browser, fonts ---------------------------------------------------
command -v openssl >/dev/null 2>&1 || debian openssl || stop \
    "需要 openssl（签发与核验时间戳）；请让管理员运行 apt install openssl。" \
    "openssl is needed (it issues and checks timestamps); ask the administrator for: apt install openssl."
if [ "$purpose" = test ]; then
    command -v unzip >/dev/null 2>&1 || debian unzip || note \
        "没有 unzip：VERIFY.txt 的测试将跳过。" "no unzip: the test of VERIFY.txt will be skipped."
    { command -v Xvfb && command -v xdotool; } >/dev/null 2>&1 || debian xvfb xdotool || note \
        "没有虚拟屏幕（xvfb、xdotool）：有人值守取证的测试将跳过。" \
        "no virtual screen (xvfb, xdotool): the tests of attended capture will be skipped."
fi

# Playwright's driver is a program of its own and needs a library that a bare Debian lacks.
driver_works() { .venv/bin/python -m playwright --version >/dev/null 2>&1; }
driver_works || { debian libatomic1 && driver_works; } || stop \
    "Playwright 的驱动程序无法运行；请让管理员运行 apt install libatomic1（或运行 .venv/bin/python -m playwright --version 查看原因）。" \
    "Playwright's driver cannot run; ask the administrator for: apt install libatomic1 (or run .venv/bin/python -m playwright --version to see why)."

playwright_browser() {
    .venv/bin/python - <<'PY' 2>/dev/null
import pathlib, sys
from playwright.sync_api import sync_playwright
with sync_playwright() as p:
    path = pathlib.Path(p.chromium.executable_path)
sys.exit(not path.exists())
PY
}
find_browser() {
    [ -n "${MARKSEAL_BROWSER:-}" ] && [ -x "$MARKSEAL_BROWSER" ] && return 0
    for candidate in chromium chromium-browser google-chrome google-chrome-stable; do
        command -v "$candidate" >/dev/null 2>&1 && return 0
    done
    playwright_browser
}
find_browser || debian chromium || {
    note "下载 Playwright 自带的 Chromium" "downloading Playwright's own Chromium"
    .venv/bin/python -m playwright install chromium >build/browser.log 2>&1 && playwright_browser
} || stop \
    "找不到浏览器：请让管理员运行 apt install chromium fonts-noto-cjk，或用 MARKSEAL_BROWSER=路径 指定 Chromium。" \
    "No browser can be had: ask the administrator for: apt install chromium fonts-noto-cjk, or name a Chromium with MARKSEAL_BROWSER=path."
has_chinese_font() {
    if command -v fc-list >/dev/null 2>&1; then
        [ -n "$(fc-list :lang=zh-cn 2>/dev/null | head -n 1)" ]
    else
        [ -d /usr/share/fonts/opentype/noto ]
    fi
}
has_chinese_font || debian fonts-noto-cjk || note \
    "没有中文字体，截图中的汉字会显示为方框；请让管理员运行 apt install fonts-noto-cjk。" \
    "no Chinese font: characters in screenshots will be boxes; ask the administrator for: apt install fonts-noto-cjk."
