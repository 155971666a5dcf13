"Everything that may change is in settings.ini; this file only reads it, and packs the lessons."
import json
import re
import zipfile
from configparser import ConfigParser
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

here = Path(__file__).parent
config = ConfigParser(delimiters=["="])
config.read(here / "settings.ini", encoding="utf-8")
cfg = config["DEFAULT"]
lib = cfg["lib_name"]


def long_description():
    "The README with absolute links: a package index has no files beside it."
    text = (here / "README.md").read_text(encoding="utf-8")
    pages, files = (f"{cfg['git_url']}/{kind}/{cfg['branch']}/" for kind in ("blob", "raw"))
    text = re.sub(r"(!\[[^\]]*\]\()(?![a-z]+:|#)", rf"\g<1>{files}", text)
    return re.sub(r"((?<!!)\[(?:[^\[\]]|!\[[^\]]*\]\([^)]*\))*\]\()(?![a-z]+:|#)", rf"\g<1>{pages}", text)


def lessons():
    "Path in the archive, and content, of each lesson: notebooks without outputs, results, pictures."
    for path in sorted((here / "nbs").rglob("*")):
        name = path.relative_to(here / "nbs").as_posix()
        if path.suffix not in (".ipynb", ".jsonl", ".png") or re.search(r"^workshop/|(^|/)[._]|/(runs|data)/", name):
            continue
        content = path.read_bytes()
        if path.suffix == ".ipynb":
            notebook = json.loads(content)
            for cell in notebook["cells"]:
                if cell["cell_type"] == "code": cell |= {"outputs": [], "execution_count": None}
            content = json.dumps(notebook, indent=1, ensure_ascii=False).encode()
        yield name, content


class BuildWithLessons(build_py):
    "Puts lessons.zip, which `barlow-kit lessons` unpacks, into what is built."
    def run(self):
        super().run()
        if self.editable_mode or not (here / "nbs").is_dir(): return
        with zipfile.ZipFile(Path(self.build_lib) / lib / "lessons.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in lessons():
                archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)


setup(
    name=lib,
    version=cfg["version"],
    description=cfg["description"],
    long_description=long_description(),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    author=cfg["author"],
    author_email=cfg["author_email"],
    url=cfg["git_url"],
    project_urls={
        "Documentation": cfg["doc_host"] + cfg["doc_baseurl"],
        "Source": cfg["git_url"],
        "Issues": cfg["git_url"] + "/issues",
        "Changelog": f"{cfg['git_url']}/blob/{cfg['branch']}/CHANGELOG.md",
        "Paper": "https://arxiv.org/abs/2103.03230",
    },
    classifiers=[
        "Development Status :: 3 - Alpha",
        "Framework :: Jupyter",
        f"Intended Audience :: {cfg['audience']}",
        "Intended Audience :: Education",
        "License :: OSI Approved :: Apache Software License",
        f"Natural Language :: {cfg['language']}",
        "Operating System :: OS Independent",
        *(f"Programming Language :: Python :: 3.{minor}" for minor in (10, 11, 12, 13)),
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
        "Topic :: Scientific/Engineering :: Image Recognition",
        "Typing :: Typed",
    ],
    keywords=cfg["keywords"],
    packages=find_packages(include=[lib, f"{lib}.*"], exclude=[f"{lib}.workshop", f"{lib}.workshop.*"]),
    package_data={lib: ["widgets.js", "digits.pt", "py.typed"]},
    python_requires=">=" + cfg["min_python"],
    install_requires=cfg["requirements"].split(),
    extras_require={name.removesuffix("_requirements"): cfg[name].split()
                    for name in cfg if name.endswith("_requirements")},
    entry_points={
        "console_scripts": cfg["console_scripts"].split(),
        "nbdev": [f"{lib}={cfg['lib_path']}._modidx:d"],
    },
    cmdclass={"build_py": BuildWithLessons},
    zip_safe=False,
)
