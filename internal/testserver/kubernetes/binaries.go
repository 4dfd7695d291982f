package kubernetes

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
)

// binariesVariable names the folder of kube-apiserver and etcd; ~/.cache/curfew/kubernetes if it is not set.
const binariesVariable = "CURFEW_KUBERNETES_BIN"

var errNotBuilt = errors.New(
	"no kube-apiserver and etcd here: run scripts/kubernetes-binaries.sh, or let " + binariesVariable +
		" name the folder that holds them",
)

// binaries finds the folder of the servers' programs, where scripts/kubernetes-binaries.sh puts them.
func binaries() (string, error) {
	dir := os.Getenv(binariesVariable)
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", err
		}
		dir = filepath.Join(home, ".cache", "curfew", "kubernetes")
	}
	for _, program := range []string{"kube-apiserver", "etcd"} {
		if _, err := exec.LookPath(filepath.Join(dir, program)); err != nil {
			return "", errNotBuilt
		}
	}
	return dir, nil
}
