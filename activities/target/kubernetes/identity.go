package kubernetes

import (
	"context"
	"net/http"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// systemNamespace is in every cluster and lasts as long as it: its UID stands for the cluster's.
const systemNamespace = "kube-system"

// clusterID is what no other cluster has; empty where Curfew's account may not see it.
func (c *connector) clusterID(ctx context.Context) (string, error) {
	answer, err := c.api.do(
		ctx,
		call{method: http.MethodGet, path: []string{"api", "v1", "namespaces", systemNamespace}},
	)
	if err != nil || !answer.ok() {
		return "", err
	}
	var namespace metav1.PartialObjectMetadata
	if err := c.api.decode(answer, "Namespace", &namespace); err != nil {
		return "", err
	}
	return string(namespace.UID), nil
}
