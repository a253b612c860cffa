# The toolchain builds, a slim Debian runs. The Swift runtime is in the programs; what the image adds to
# Debian are the C libraries that they load. With --target static the programs have these in them too, and
# the image has nothing else: no shell, no Debian to keep up to date.
FROM swift:6.3-bookworm AS build
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        liblmdb-dev libnats-dev libnghttp2-dev libsimdjson-dev libsodium-dev libxxhash-dev \
        libzstd-dev zlib1g-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
RUN bin=$(tools/build) \
    && install -D --strip --target-directory=/programs "$bin/relayd" "$bin/relayctl"

FROM build AS static-build
RUN bin=$(tools/build --static) \
    && install -D --strip --target-directory=/static/usr/local/bin "$bin/relayd" "$bin/relayctl" \
    && install --directory --owner=10001 --group=10001 --mode=0750 \
        /static/var/lib/relay /static/run/relay

FROM scratch AS static
COPY --from=static-build /static/ /
ENV PATH=/usr/local/bin
USER 10001:10001
VOLUME /var/lib/relay /run/relay
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s \
    CMD ["relayctl", "health", "--admin-socket", "/run/relay/admin.sock"]
ENTRYPOINT ["relayd", "--store", "/var/lib/relay/store", "--socket", "/run/relay/relay.sock", \
    "--admin-socket", "/run/relay/admin.sock"]

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        liblmdb0 libnats3.4 libnghttp2-14 libsimdjson14 libsodium23 libstdc++6 libxxhash0 libzstd1 \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 relay \
    && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin relay \
    && install --directory --owner=10001 --group=10001 --mode=0750 /var/lib/relay /run/relay
COPY --from=build /programs/ /usr/local/bin/

# Clients mount /run/relay and belong to group 10001: the socket is 0660. What a host mounts here has
# to belong to 10001:10001.
USER 10001:10001
VOLUME /var/lib/relay /run/relay
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s \
    CMD ["relayctl", "health", "--admin-socket", "/run/relay/admin.sock"]
ENTRYPOINT ["relayd", "--store", "/var/lib/relay/store", "--socket", "/run/relay/relay.sock", \
    "--admin-socket", "/run/relay/admin.sock"]
