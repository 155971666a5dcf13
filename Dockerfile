# JupyterLab with the kit, on the CPU:
#
#     docker build -t barlow_kit .
#     docker run --rm -p 8888:8888 barlow_kit        # then open the address that it prints
#
# For a smaller image, let pip take PyTorch without CUDA: --build-arg PIP_ARGS="--extra-index-url ADDRESS"
FROM python:3.12-slim
RUN apt-get update && apt-get install -y --no-install-recommends make && rm -rf /var/lib/apt/lists/*
RUN useradd --create-home learner
USER learner
WORKDIR /home/learner/barlow_kit
COPY --chown=learner . .
ARG PIP_ARGS="--no-cache-dir"
RUN make .venv/.barlow_kit_lab PIP_ARGS="$PIP_ARGS"
EXPOSE 8888
CMD ["make", "lab", "LAB_ARGS=--ip=0.0.0.0 --no-browser"]
