# workerd for the bench. Its address and its folder on the disk are given on the command line.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "disk", disk = (writable = true)),
  ],
  sockets = [(name = "http", http = (), service = "main")],
);

const worker :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "worker.js")],
  compatibilityDate = "2025-10-01",
  durableObjectNamespaces = [
    # By default an object leaves memory after 10 idle seconds. Here it stays, because the bench
    # weighs objects that are open. It changes nothing for objects that are asked all the time.
    (className = "Session", uniqueKey = "sessions", enableSql = true, preventEviction = true),
  ],
  durableObjectStorage = (localDisk = "disk"),
  bindings = [(name = "SESSIONS", durableObjectNamespace = "Session")],
);
