// Names under «localhost» are those of this machine: Node.js asks the system, which may not know them.
const dns = require("node:dns");
const lookup = dns.lookup;
dns.lookup = (host, options, done) => lookup(host.endsWith(".localhost") ? "127.0.0.1" : host, options, done);
