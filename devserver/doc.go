// Package devserver runs a whole Temporal cluster in one process: frontend, history, matching and worker on SQLite,
// with Temporal's own Web UI beside it, ready for Curfew: its namespace and search attributes are there.
//
// [Start] returns when the cluster answers, about half a second later. A cluster in memory is for tests: it leaves
// nothing to clean up, and killing it is as good as stopping it. A cluster in a file keeps its workflows over a restart
// or a crash; it is for trying Curfew, and for a team whose requests one machine can carry.
//
// The server has no authentication and no TLS: whoever reaches its port may do everything Temporal can do. So it
// listens on the loopback address unless configured otherwise, and it calls nobody: the server's version check and the
// Web UI's news are off.
//
// The package is a Go module of its own, because the server drags in hundreds of modules that Curfew itself has no use
// for. Curfew's tests don't link it either: they start the binary, temporal-dev, and talk to it as to any cluster.
package devserver
