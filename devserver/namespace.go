package devserver

import (
	"context"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	namespacepb "go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/durationpb"
)

// settle waits until the cluster answers and brings an older file's namespace up to the options of today.
func settle(ctx context.Context, address string, o Options) (err error) {
	conn, err := grpc.NewClient(address,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.WaitForReady(true)))
	if err != nil {
		return fmt.Errorf("connect to the cluster: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()

	if err := setRetention(ctx, workflowservice.NewWorkflowServiceClient(conn), o.Namespace, o.Retention); err != nil {
		return err
	}
	return addAttributes(ctx, operatorservice.NewOperatorServiceClient(conn), o.Namespace, o.SearchAttributes)
}

func setRetention(
	ctx context.Context, service workflowservice.WorkflowServiceClient, namespace string, retention time.Duration,
) error {
	now, err := service.DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: namespace})
	if err != nil {
		return fmt.Errorf("read namespace %s: %w", namespace, err)
	}
	if now.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration() == retention {
		return nil
	}
	_, err = service.UpdateNamespace(ctx, &workflowservice.UpdateNamespaceRequest{
		Namespace: namespace,
		Config:    &namespacepb.NamespaceConfig{WorkflowExecutionRetentionTtl: durationpb.New(retention)},
	})
	if err != nil {
		return fmt.Errorf("set the retention of namespace %s: %w", namespace, err)
	}
	return nil
}

// addAttributes adds those that are missing. One of another type is an error: the server would skip it without a word,
// and every workflow that sets it would fail.
func addAttributes(
	ctx context.Context, service operatorservice.OperatorServiceClient, namespace string,
	wanted map[string]enumspb.IndexedValueType,
) error {
	now, err := service.ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	if err != nil {
		return fmt.Errorf("read the search attributes of namespace %s: %w", namespace, err)
	}
	missing := map[string]enumspb.IndexedValueType{}
	for name, kind := range wanted {
		switch is, there := now.GetCustomAttributes()[name]; {
		case !there:
			missing[name] = kind
		case is != kind:
			return fmt.Errorf("search attribute %s of namespace %s is %s, not %s: remove it or start with a new file",
				name, namespace, is, kind)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	_, err = service.AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
		Namespace: namespace, SearchAttributes: missing,
	})
	if err != nil {
		return fmt.Errorf("add search attributes to namespace %s: %w", namespace, err)
	}
	return nil
}
