# caredb alone: a small image for jobs, for CI and for compose.yaml. It has no server.
#
#   docker build --build-arg CAREDB_COMMIT="$(git rev-parse HEAD)" --build-arg SOURCE_DATE_EPOCH="$(git log -1 --format=%ct)" -t caredb .
#   docker run --rm -e CAREDB_URL=mysql://user@host/clinic -e CAREDB_PASSWORD_FILE=/run/secrets/caredb_password caredb status

FROM rust:1-trixie AS build
WORKDIR /source
COPY . .
# what `caredb --version --verbose` says; git is not in the image
ARG CAREDB_COMMIT
ARG SOURCE_DATE_EPOCH
RUN cargo build --release --locked

# of the same release of Debian, for its libraries
FROM debian:trixie-slim
# who vouches for the certificates of servers
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /source/target/release/caredb /usr/local/bin/caredb
# caredb.toml, mapping files and rejected rows of a mounted folder; the cache of `drift`
ENV XDG_CACHE_HOME=/tmp/cache
WORKDIR /work
USER 10001:10001
ENTRYPOINT ["caredb"]
CMD ["--help"]
