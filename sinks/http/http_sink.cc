#include "sinks/http/http_sink.h"

#include <random>
#include <utility>

#include "sinks/dispatch/dispatcher.h"
#include "sinks/http/client.h"
#include "sinks/http/request.h"
#include "sinks/http/url.h"
#include "sinks/http/verdict.h"

namespace rebuf::sinks {
namespace {

// One sender's connection.
class HttpTransport final : public dispatch::Transport {
 public:
  HttpTransport(std::shared_ptr<const HttpSettings> settings, const http::Url& url)
      : settings_(std::move(settings)),
        target_(url.target),
        builder_(*settings_, url.host_header),
        client_(url, settings_->timeout) {}

  [[nodiscard]] std::string load_tls() {
    return client_.load({settings_->ca, settings_->cert, settings_->key});
  }

  dispatch::Verdict deliver(std::span<const OutMessage> batch) override {
    const http::Request request = builder_.build(batch);
    if (!request.unfit.empty())
      return {.result = dispatch::Result::refused,
              .count = 1,
              .refusal = Refusal::invalid,
              .detail = request.unfit};
    const http::Answer answer = client_.send(settings_->method, target_, request);
    return http::judge(answer, settings_->dead_letter_status, request.count,
                       std::chrono::system_clock::now());
  }

  dispatch::Verdict probe() override {
    if (settings_->health_path.empty()) return http::judge_probe(client_.connect());
    return http::judge_probe(client_.send("GET", settings_->health_path, builder_.bare_request()));
  }

  void cut() override { client_.cut(); }

 private:
  const std::shared_ptr<const HttpSettings> settings_;
  const std::string target_;
  http::RequestBuilder builder_;
  http::Client client_;
};

dispatch::DispatchSettings dispatch_settings(const HttpSettings& settings) {
  dispatch::DispatchSettings made;
  made.name = settings.name;
  made.batch.max_messages = settings.format == HttpFormat::single ? 1 : settings.batch_max_messages;
  made.batch.max_bytes = settings.batch_max_bytes;
  made.timeout = settings.timeout;
  made.retry = {settings.retry_min, settings.retry_max};
  made.probe_asks = !settings.health_path.empty();
  made.seed = std::random_device()();
  return made;
}

}  // namespace

HttpSinkResult make_http_sink(HttpSettings settings, Logger log, DeliveryObserver observer) {
  HttpSinkResult result;
  const http::UrlResult parsed = http::parse_url(settings.url);
  if (!parsed.error.empty()) {
    result.error = "url: " + parsed.error;
    return result;
  }
  if (std::string unfit = http::unfit_header(settings.headers); !unfit.empty()) {
    result.error = "headers: " + unfit;
    return result;
  }
  const auto shared = std::make_shared<const HttpSettings>(std::move(settings));
  std::vector<std::unique_ptr<dispatch::Transport>> transports;
  for (std::uint32_t i = 0; i < shared->max_in_flight; ++i) {
    auto transport = std::make_unique<HttpTransport>(shared, parsed.url);
    result.error = transport->load_tls();
    if (!result.error.empty()) return result;
    transports.push_back(std::move(transport));
  }
  result.sink = std::make_unique<dispatch::Dispatcher>(
      dispatch_settings(*shared), std::move(transports), std::move(log), std::move(observer));
  return result;
}

}  // namespace rebuf::sinks
