package devserver

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/common/primitives/timestamp"
	schema "go.temporal.io/server/schema/sqlite"
)

// store is the SQLite database that holds everything the cluster knows.
type store struct {
	sql    *config.SQL
	shards int32
}

func openStore(ctx context.Context, o Options) (*store, error) {
	s := memoryStore()
	if o.File != "" {
		var err error
		if s, err = fileStore(ctx, o.File, o.Sync); err != nil {
			return nil, err
		}
	}
	if err := s.createNamespace(o); err != nil {
		return nil, err
	}
	return s, nil
}

// memoryStore is private to one server: two in one process must not share a cache, hence the random name. The server
// lays out the tables itself. All writes go through one connection, so that more shards would only add queue readers.
func memoryStore() *store {
	return &store{
		shards: 1,
		sql: &config.SQL{
			PluginName:        sqlite.PluginName,
			DatabaseName:      uuid.NewString(),
			ConnectAttributes: map[string]string{"mode": "memory", "cache": "shared"},
		},
	}
}

// createNamespace writes the namespace before the server starts, so that no cache has to hear of it: registering it
// through the API takes a second and more. A namespace that is there already stays as it is.
func (s *store) createNamespace(o Options) error {
	namespace, err := schema.NewNamespaceConfig(clusterName, o.Namespace, false, o.SearchAttributes)
	if err != nil {
		return fmt.Errorf("describe namespace %s: %w", o.Namespace, err)
	}
	namespace.Detail.Config.Retention = timestamp.DurationPtr(o.Retention)
	if err := schema.CreateNamespaces(s.sql, namespace); err != nil {
		return fmt.Errorf("write namespace %s to the database: %w", o.Namespace, err)
	}
	return nil
}
