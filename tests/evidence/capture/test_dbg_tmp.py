import os, subprocess
from tests.evidence.capture.test_command import *  # noqa
from tests.evidence.capture.test_command import start
def test_dbg(address, tmp_path):
    heard, words = os.pipe(); out=tmp_path/"v.wacz"
    with screen() as display:
        child=start("--attended",f"{address}/item","--out",str(out),"--home",str(tmp_path/"home"),"--by","张某",display=display,stdin=subprocess.PIPE,stdout=subprocess.PIPE,stderr=words)
        os.close(words); p=Person(display,heard,child.stdin.fileno()); p.wait_for("浏览器已打开"); p.says("e"); printed=child.communicate()[0].decode()
    os.set_blocking(heard, False)
    print(printed); print(os.read(heard,60000).decode())
