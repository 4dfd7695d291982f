# Curfew in a container: one static binary and what it needs to speak TLS, without a shell, run as a user without rights.
# Base images are pinned by exact tag; where your policy asks for digests, add them here and in docker-compose.yml.

FROM golang:1.26.8-bookworm AS build
WORKDIR /src
COPY . .
ARG VERSION=unreleased
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.release=$VERSION" -o /out/curfew ./cmd/curfew
# An empty folder with the right owner: a new volume takes both over.
RUN mkdir -p /out/var/lib/curfew

FROM busybox:1.37.0-musl AS busybox

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
# For health checks: this image has nothing else to ask with.
COPY --from=busybox /bin/wget /bin/wget
COPY --from=build --chown=65532:65532 /out/var/lib/curfew /var/lib/curfew
COPY --from=build /out/curfew /usr/local/bin/curfew
USER 65532:65532
VOLUME /var/lib/curfew
EXPOSE 8300
ENTRYPOINT ["/usr/local/bin/curfew"]
CMD ["server", "--config", "/etc/curfew/curfew.yaml"]
