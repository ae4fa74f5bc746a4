// https: who is trusted, and who is not.
#include "certificates.h"
#include "endpoint.h"
#include "tests/support/temporary_directory.h"

namespace rebuf::sinks::test {
namespace {

void accept(const Seen&, httplib::Response&) {}

struct Authority {
  rebuf::test::TemporaryDirectory directory;
  Identity ca = make_identity(directory.path(), "authority");
  [[nodiscard]] Identity issue(const std::string& name, const std::string& alternative_names = "") {
    return make_identity(directory.path(), name, &ca, alternative_names);
  }
};

std::unique_ptr<httplib::Server> tls_server(const Identity& identity, X509* client_ca = nullptr) {
  X509_STORE* store = nullptr;
  if (client_ca != nullptr) {
    store = X509_STORE_new();
    X509_STORE_add_cert(store, client_ca);
  }
  return std::make_unique<httplib::SSLServer>(identity.certificate.get(), identity.key.get(),
                                              store);
}

std::string https(const std::string& host, int port) {
  return "https://" + host + ":" + std::to_string(port) + "/in";
}

// What the sink says of the endpoint, which it must not trust.
HeardHealth distrust(const HttpSettings& settings) {
  Messages messages("t");
  messages.add(1, "secret");
  Hook hook(settings);
  hook.submit(messages);
  HeardHealth down = hook.recorder.wait_down();
  CHECK(hook.recorder.count(Outcome::delivered) == 0);
  return down;
}

TEST_CASE("https with one's own authority, by name and by address, over one connection") {
  Authority authority;
  const Identity server = authority.issue("server", "DNS:localhost,IP:127.0.0.1");
  for (const char* host : {"localhost", "127.0.0.1"}) {
    CAPTURE(host);
    Messages messages("t");
    messages.add_numbered(10);
    Endpoint endpoint(accept, tls_server(server));
    auto settings = settings_for(https(host, endpoint.port()));
    settings.ca = authority.ca.certificate_file;
    Hook hook(settings);
    hook.submit_each(messages);
    CHECK(hook.recorder.count(Outcome::delivered) == 10);
    CHECK(endpoint.connections() == 1);
  }
}

TEST_CASE("a certificate of an unknown authority, or for another host, is not trusted") {
  Authority authority;
  const Identity server = authority.issue("server", "DNS:localhost");
  Endpoint endpoint(accept, tls_server(server));
  auto settings = settings_for(https("localhost", endpoint.port()));
  CHECK(distrust(settings).error_class == "tls");  // the system's authorities do not know it
  settings.ca = authority.ca.certificate_file;
  settings.url = https("127.0.0.1", endpoint.port());
  CHECK(distrust(settings).error_class == "tls");
  CHECK(endpoint.seen().empty());
}

TEST_CASE("a client certificate is shown to a server that asks for one") {
  Authority authority;
  const Identity server = authority.issue("server", "DNS:localhost");
  const Identity client = authority.issue("client");
  Endpoint endpoint(accept, tls_server(server, authority.ca.certificate.get()));
  auto settings = settings_for(https("localhost", endpoint.port()));
  settings.ca = authority.ca.certificate_file;
  CHECK_FALSE(distrust(settings).up);
  settings.cert = client.certificate_file;
  settings.key = client.key_file;
  Messages messages("t");
  messages.add(1, "x");
  Hook hook(settings);
  hook.submit(messages);
  hook.recorder.wait_reports(1);
  CHECK(hook.recorder.count(Outcome::delivered) == 1);
}

TEST_CASE("plain HTTP on the port is a failed handshake") {
  Endpoint endpoint(accept);
  CHECK(distrust(settings_for(https("localhost", endpoint.port()))).error_class == "tls");
}

TEST_CASE("TLS files that cannot work are refused when the sink is made") {
  Authority authority;
  const Identity client = authority.issue("client");
  const auto error_of = [](const std::string& ca, const std::string& cert, const std::string& key) {
    auto settings = settings_for("https://localhost/");
    settings.ca = ca;
    settings.cert = cert;
    settings.key = key;
    return make_http_sink(
               settings, [](LogLevel, std::string_view) {}, nullptr)
        .error;
  };
  CHECK(error_of("", client.certificate_file, client.key_file).empty());
  CHECK(error_of("/nonexistent", "", "").starts_with("tls.ca"));
  CHECK(error_of(client.key_file, "", "").starts_with("tls.ca"));
  CHECK(error_of("", "/nonexistent", client.key_file).starts_with("tls.cert"));
  CHECK(error_of("", client.certificate_file, authority.ca.key_file).starts_with("tls.key"));
}

}  // namespace
}  // namespace rebuf::sinks::test
