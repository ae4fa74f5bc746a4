#include "config/references.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace rebuf::config {
namespace {

constexpr std::size_t longest_file = 64 << 10;

using Value = Parsed<std::string>;

bool is_name(std::string_view text) {
  constexpr std::string_view letters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
  return !text.empty() && text.find_first_not_of(letters) == std::string_view::npos &&
         (text[0] < '0' || text[0] > '9');
}

Value from_file(const std::string& path, const std::string& reference) {
  std::string content;
  std::string why;
  if (!path.starts_with('/'))
    return Problem{reference + " needs a whole path", "as in `${file:/etc/rebufd/password}`"};
  if (!read_file(path, longest_file, content, why))
    return Problem{"cannot read what " + reference + " names: " + why};
  if (content.ends_with('\n')) content.pop_back();
  if (content.ends_with('\r')) content.pop_back();
  return content;
}

Value from_credential(const std::string& name, const std::string& reference,
                      const Environment& environment) {
  if (name.empty() || name.find('/') != std::string::npos)
    return Problem{reference + " is not the name of a credential", "as in `${cred:password}`"};
  const auto directory = environment.variable("CREDENTIALS_DIRECTORY");
  if (!directory)
    return Problem{reference + ": there are no credentials ($CREDENTIALS_DIRECTORY is not set)",
                   "`LoadCredential=" + name + ":/path` in the systemd unit provides it"};
  Value value = from_file(*directory + "/" + name, reference);
  if (!value.value)
    value.problem.hint = "`LoadCredential=" + name + ":/path` in the systemd unit provides it";
  return value;
}

Value look_up(const std::string& inside, const Environment& environment) {
  const std::string reference = "`${" + inside + "}`";
  if (inside.starts_with("file:")) return from_file(inside.substr(5), reference);
  if (inside.starts_with("cred:")) return from_credential(inside.substr(5), reference, environment);
  if (!is_name(inside))
    return Problem{reference + " is not a reference",
                   "`${NAME}`, `${file:/path}` or `${cred:NAME}`; `$${` for a literal `${`"};
  auto value = environment.variable(inside);
  if (!value)
    return Problem{"the environment variable `" + inside + "` is not set",
                   "set it, or write `$${" + inside + "}` for the text itself"};
  return std::move(*value);
}

}  // namespace

Replaced replace_references(std::string_view text, const Environment& environment) {
  Replaced result;
  while (!text.empty()) {
    const std::size_t dollar = text.find("${");
    if (dollar == std::string_view::npos) break;
    if (dollar > 0 && text[dollar - 1] == '$') {
      result.text += text.substr(0, dollar - 1);
      result.text += "${";
      text.remove_prefix(dollar + 2);
      continue;
    }
    result.text += text.substr(0, dollar);
    const std::size_t end = text.find('}', dollar);
    if (end == std::string_view::npos) {
      result.problems.push_back({"`${` without its `}`", "`$${` is a literal `${`"});
      return result;
    }
    Value value = look_up(std::string(text.substr(dollar + 2, end - dollar - 2)), environment);
    result.any = true;
    if (value.value) {
      result.text += *value.value;
    } else {
      result.problems.push_back(std::move(value.problem));
    }
    text.remove_prefix(end + 1);
  }
  result.text += text;
  return result;
}

std::string escape_references(std::string_view text) {
  std::string escaped;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i).starts_with("${")) escaped += '$';
    escaped += text[i];
  }
  return escaped;
}

bool read_file(const std::string& path, std::size_t longest, std::string& content,
               std::string& why) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    why = "it is a directory";
    return false;
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  content.resize(longest + 1);
  file.read(content.data(), static_cast<std::streamsize>(content.size()));
  if (file.bad() || (file.fail() && !file.eof())) {
    why = errno == 0 ? "it cannot be read" : std::strerror(errno);
    return false;
  }
  content.resize(static_cast<std::size_t>(file.gcount()));
  if (content.size() > longest) {
    why = "it is larger than " + std::to_string(longest) + " bytes";
    return false;
  }
  return true;
}

}  // namespace rebuf::config
