# One image for web, workers and beat; the command says which.
FROM python:3.13-slim AS build
WORKDIR /app
COPY requirements.lock .
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements.lock
COPY . .
RUN DJANGO_SETTINGS_MODULE=config.settings SECRET_KEY=signs-nothing-here /venv/bin/python manage.py collectstatic --noinput

FROM python:3.13-slim
RUN useradd --system --no-create-home arena
WORKDIR /app
COPY --from=build /venv /venv
COPY --from=build /app .
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 DJANGO_SETTINGS_MODULE=config.settings ARENA_ENV=production
USER arena
EXPOSE 8000
CMD ["python", "-m", "uvicorn", "config.asgi:application", "--host", "0.0.0.0", "--port", "8000", "--http", "config.server.uvicorn_protocol:DeadlineProtocol", "--ws", "none", "--no-proxy-headers", "--no-access-log", "--timeout-graceful-shutdown", "3"]
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s CMD ["python", "-m", "config.monitoring.container_healthcheck", "8000"]
