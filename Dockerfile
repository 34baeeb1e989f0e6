# One small image: Echo, what it needs to run, and a user who owns nothing but the data folder.
FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    CONVERSATIONS_DIR=/data

WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt

COPY bot.py ./
COPY config ./config
COPY source ./source

RUN python -m compileall -q source bot.py \
    && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin echo \
    && install -d -o echo -g echo /data
USER echo
VOLUME /data

# SIGTERM: answers that have begun are finished, transcripts are written, then the process ends.
STOPSIGNAL SIGTERM
ENTRYPOINT ["python", "bot.py"]
CMD ["run"]
