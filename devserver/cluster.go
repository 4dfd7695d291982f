package devserver

import (
	"context"

	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/temporal"
)

const (
	clusterName = "active"
	storeName   = "sqlite"
	// disabled turns archival off, wherever the configuration asks for it.
	disabled = "disabled"
)

// layout is where the parts of the cluster listen, and the ports kept for them until they do.
type layout struct {
	frontend string // as clients dial it
	ui       int    // 0 when there is none
	services map[primitives.ServiceName]config.RPC

	clusterPorts, uiPort ports
}

// lay reserves a port for each part. Only the frontend and the UI are for others: the rest talk among themselves.
func lay(ctx context.Context, o Options) (_ *layout, err error) {
	l := &layout{services: map[primitives.ServiceName]config.RPC{}}
	defer func() {
		if err != nil {
			l.release()
		}
	}()
	for _, name := range temporal.DefaultServices {
		service, ip, port := primitives.ServiceName(name), loopback, 0
		if service == primitives.FrontendService {
			ip, port = o.IP, o.Port
		}
		if port, err = l.clusterPorts.take(ctx, ip, port); err != nil {
			return nil, err
		}
		l.services[service] = config.RPC{GRPCPort: port, BindOnIP: ip}
	}
	l.frontend = l.address(primitives.FrontendService)
	if o.UIPort != NoUI {
		l.ui, err = l.uiPort.take(ctx, o.IP, o.UIPort)
	}
	return l, err
}

// release lets go of what nobody listened on after all.
func (l *layout) release() {
	_ = l.clusterPorts.release()
	_ = l.uiPort.release()
}

func (l *layout) address(service primitives.ServiceName) string {
	rpc := l.services[service]
	return reachable(rpc.BindOnIP, rpc.GRPCPort)
}

// hosts say where the parts find each other, which spares the cluster its gossip ring and four more ports.
func (l *layout) hosts() map[primitives.ServiceName]static.Hosts {
	hosts := make(map[primitives.ServiceName]static.Hosts, len(l.services))
	for service := range l.services {
		hosts[service] = static.SingleLocalHost(l.address(service))
	}
	return hosts
}

func (l *layout) config(s *store) *config.Config {
	services := make(map[string]config.Service, len(l.services))
	for service, rpc := range l.services {
		services[string(service)] = config.Service{RPC: rpc}
	}
	return &config.Config{
		Services:     services,
		PublicClient: config.PublicClient{HostPort: l.frontend},
		Persistence: config.Persistence{
			DefaultStore:     storeName,
			VisibilityStore:  storeName,
			NumHistoryShards: s.shards,
			DataStores:       map[string]config.DataStore{storeName: {SQL: s.sql}},
		},
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10,
			MasterClusterName:        clusterName,
			CurrentClusterName:       clusterName,
			ClusterInformation: map[string]cluster.ClusterInformation{
				clusterName: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: l.frontend},
			},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		Archival: config.Archival{
			History:    config.HistoryArchival{State: disabled},
			Visibility: config.VisibilityArchival{State: disabled},
		},
		NamespaceDefaults: config.NamespaceDefaults{Archival: config.ArchivalNamespaceDefaults{
			History:    config.HistoryArchivalNamespaceDefaults{State: disabled},
			Visibility: config.VisibilityArchivalNamespaceDefaults{State: disabled},
		}},
	}
}

// knobs are the settings that differ from a production cluster's.
func knobs(o Options) dynamicconfig.StaticClient {
	settings := dynamicconfig.StaticClient{
		// With four partitions and one worker, a burst of starts left some first tasks waiting half a minute.
		dynamicconfig.MatchingNumTaskqueueReadPartitions.Key():  1,
		dynamicconfig.MatchingNumTaskqueueWritePartitions.Key(): 1,
		// Ten queries a second is little for a page that lists requests, and for tests that poll.
		dynamicconfig.FrontendMaxNamespaceVisibilityRPSPerInstance.Key(): 100,
		// SQLite is in this process: there is no database to be protected from the cluster.
		dynamicconfig.FrontendPersistenceMaxQPS.Key(): 10_000,
		dynamicconfig.HistoryPersistenceMaxQPS.Key():  45_000,
		// An attribute that was added a moment ago can be used.
		dynamicconfig.ForceSearchAttributesCacheRefreshOnRead.Key(): true,
		// It would report every start of a server to Temporal's makers.
		dynamicconfig.EnableServerVersionCheck.Key(): false,
	}
	if o.TimerShift > 0 {
		settings[dynamicconfig.TimerProcessorMaxTimeShift.Key()] = o.TimerShift
	}
	return settings
}
