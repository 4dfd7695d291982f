package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/durationpb"

	"curfew/workflows/contract"
)

// prepare makes the namespace and its search attributes on a server that was not started for Curfew.
func prepare(ctx context.Context, o Options) error {
	temporal, err := client.DialContext(
		ctx,
		client.Options{HostPort: o.Temporal, Namespace: o.Namespace, Logger: silence{}},
	)
	if err != nil {
		return fmt.Errorf("Temporal can't be reached at %s: %w", o.Temporal, err)
	}
	defer temporal.Close()
	_, err = temporal.WorkflowService().RegisterNamespace(ctx, &workflowservice.RegisterNamespaceRequest{
		Namespace: o.Namespace, WorkflowExecutionRetentionPeriod: durationpb.New(72 * time.Hour),
	})
	var there *serviceerror.NamespaceAlreadyExists
	if err != nil && !errors.As(err, &there) {
		return fmt.Errorf("the namespace %s can't be made: %w", o.Namespace, err)
	}
	// A namespace that was made just now is not known to the whole server yet.
	for try := 0; ; try++ {
		if err = addSearchAttributes(ctx, temporal, o.Namespace); err == nil || try == 20 {
			return err
		}
		select {
		case <-time.After(500 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func addSearchAttributes(ctx context.Context, temporal client.Client, namespace string) error {
	listed, err := temporal.OperatorService().
		ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	if err != nil {
		return err
	}
	missing := map[string]enumspb.IndexedValueType{}
	for _, attribute := range contract.SearchAttributes {
		if _, has := listed.CustomAttributes[attribute.Name]; has {
			continue
		}
		kind, err := enumspb.IndexedValueTypeFromString(attribute.Type)
		if err != nil {
			return err
		}
		missing[attribute.Name] = kind
	}
	if len(missing) == 0 {
		return nil
	}
	_, err = temporal.OperatorService().
		AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{Namespace: namespace, SearchAttributes: missing})
	return err
}

// silence keeps the SDK's own log out of the play.
type silence struct{}

func (silence) Debug(string, ...any) {}
func (silence) Info(string, ...any)  {}
func (silence) Warn(string, ...any)  {}
func (silence) Error(string, ...any) {}
