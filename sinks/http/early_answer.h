// An answer that a server sent without reading the whole request (413, say), and then closed the
// connection: the request could not be written to its end, but the answer counts.
#pragma once

namespace rebuf::sinks::http {

// The status in what the socket has received already (plain HTTP); 0: no answer is there.
[[nodiscard]] int early_status(int socket);

}  // namespace rebuf::sinks::http
