// Package deploy_test checks the files that Curfew is deployed with.
package deploy_test

import (
	"maps"
	"net/netip"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"

	"curfew/activities/kinds"
	"curfew/internal/config"
	"curfew/workflows/contract"
)

// compose loads the file as docker compose does: by its schema, with every reference in it looked up, and with all that
// env.example names filled in.
func compose(t *testing.T, profiles ...string) *types.Project {
	t.Helper()
	project, err := loader.LoadWithContext(t.Context(), types.ConfigDetails{
		WorkingDir:  "..",
		ConfigFiles: []types.ConfigFile{{Filename: "../docker-compose.yml"}},
		Environment: secrets(t),
	}, func(o *loader.Options) {
		o.SetProjectName("curfew", false)
		o.Profiles = profiles
	})
	require.NoError(t, err)
	require.NotEmpty(t, project.Services)
	return project
}

// secrets are the variables of env.example, each with some value.
func secrets(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("env.example")
	require.NoError(t, err)
	values := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(name, "#") {
			require.Empty(t, value, "%s: an example that works would be used", name)
			values[name] = "secret-of-" + name
			if strings.HasSuffix(name, "_DSN") {
				values[name] = "postgres://curfew:secret@orders-db.example.com:5432/orders?sslmode=verify-full"
			}
		}
	}
	return values
}

func TestComposeDemandsEverySecretOfTheExample(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docker-compose.yml")
	require.NoError(t, err)
	demanded := map[string]bool{}
	for _, found := range regexp.MustCompile(`\$\{(\w+):\?`).FindAllStringSubmatch(string(text), -1) {
		demanded[found[1]] = true
	}
	require.ElementsMatch(t, slices.Collect(maps.Keys(secrets(t))), slices.Collect(maps.Keys(demanded)))
}

func TestEveryImageIsPinned(t *testing.T) {
	t.Parallel()
	exact := regexp.MustCompile(`^[a-z0-9./-]+:v?\d+\.\d+[\w.-]*(@sha256:[0-9a-f]{64})?$`)
	for name, service := range compose(t).Services {
		if service.Build == nil {
			require.Regexp(t, exact, service.Image, name)
		}
	}
	text, err := os.ReadFile("../Dockerfile")
	require.NoError(t, err)
	bases := regexp.MustCompile(`(?m)^FROM (\S+)`).FindAllStringSubmatch(string(text), -1)
	require.NotEmpty(t, bases)
	for _, base := range bases {
		if base[1] != "scratch" {
			require.Regexp(t, exact, base[1])
		}
	}
}

func TestEveryPortIsOnLoopback(t *testing.T) {
	t.Parallel()
	for name, service := range compose(t).Services {
		for _, port := range service.Ports {
			address, err := netip.ParseAddr(port.HostIP)
			require.NoError(t, err, "%s publishes %d on every address", name, port.Target)
			require.True(t, address.IsLoopback(), "%s publishes %d on %s", name, port.Target, address)
		}
	}
}

func TestServicesAreConfined(t *testing.T) {
	t.Parallel()
	for name, service := range compose(t).Services {
		user, _, _ := strings.Cut(service.User, ":")
		require.Regexp(t, `^[1-9]\d*$`, user, "%s runs as root, or as whom the image likes", name)
		require.True(t, service.ReadOnly, name)
		require.Equal(t, []string{"ALL"}, service.CapDrop, name)
		require.Contains(t, service.SecurityOpt, "no-new-privileges:true", name)
		require.False(t, service.Privileged, name)
	}
}

// A service that another waits for either has a health check or ends.
func TestServicesWaitForWhatTheyNeed(t *testing.T) {
	t.Parallel()
	services := compose(t).Services
	for name, service := range services {
		for needed, dependency := range service.DependsOn {
			require.True(t, dependency.Required, "%s does without %s", name, needed)
			if services[needed].HealthCheck != nil {
				require.Equal(t, types.ServiceConditionHealthy, dependency.Condition, "%s on %s", name, needed)
				continue
			}
			require.Equal(
				t,
				types.ServiceConditionCompletedSuccessfully,
				dependency.Condition,
				"%s on %s",
				name,
				needed,
			)
			require.True(
				t,
				strings.HasPrefix(services[needed].Restart, "on-failure"),
				"%s does not end: it has no health check",
				needed,
			)
		}
	}
}

func TestTheNamespaceGetsTheContractsSearchAttributes(t *testing.T) {
	t.Parallel()
	service := compose(t).Services["temporal-namespace"]
	require.Equal(t, contract.Namespace, *service.Environment["TEMPORAL_NAMESPACE"])
	require.Equal(t, "namespace.sh", scriptOf(t, service))
	text, err := os.ReadFile("temporal/namespace.sh")
	require.NoError(t, err)
	var made []contract.SearchAttribute
	for _, found := range regexp.MustCompile(`--name (\w+) --type (\w+)`).FindAllStringSubmatch(string(text), -1) {
		made = append(made, contract.SearchAttribute{Name: found[1], Type: found[2]})
	}
	require.ElementsMatch(t, contract.SearchAttributes, made)
}

// scriptOf is the file of deploy/temporal that a service mounts and runs.
func scriptOf(t *testing.T, service types.ServiceConfig) string {
	t.Helper()
	require.Len(t, service.Volumes, 1)
	require.Contains(t, service.Entrypoint, service.Volumes[0].Target)
	_, name, ok := strings.Cut(service.Volumes[0].Source, "deploy/temporal/")
	require.True(t, ok)
	return name
}

// A reference to a secret that the service does not get is a mistake of the configuration, so this finds that too.
func TestTheMountedConfigurationIsRight(t *testing.T) {
	for _, name := range []string{"server", "worker"} {
		t.Run(name, func(t *testing.T) {
			for variable, value := range compose(t).Services[name].Environment {
				t.Setenv(variable, *value)
			}
			loaded, err := config.Load("curfew.yaml", kinds.ForConfig())
			require.NoError(t, err)
			require.Equal(t, "temporal:7233", loaded.Temporal.Address)
			require.Equal(t, "/var/lib/curfew/curfew.db", loaded.Ledger.SQLite, "the ledger is not on the volume")
		})
	}
}

// mounts are what a service sees of the host, by where it sees it.
func mounts(service types.ServiceConfig) map[string]string {
	seen := map[string]string{}
	for _, volume := range service.Volumes {
		_, source, _ := strings.Cut(volume.Source, "deploy/")
		seen[volume.Target] = source
		if strings.HasPrefix(volume.Target, "/etc/") && !volume.ReadOnly {
			seen[volume.Target] += " (writable)"
		}
	}
	return seen
}

func TestTheDeploymentIsSealedAndEachProcessHasItsOwnKeyAlone(t *testing.T) {
	for variable, value := range secrets(t) {
		t.Setenv(variable, value)
	}
	loaded, err := config.Load("curfew.yaml", kinds.ForConfig())
	require.NoError(t, err)
	require.NotEmpty(t, loaded.Seals.Key)
	require.NotEmpty(t, loaded.Seals.Decider)
	services := compose(t).Services
	for name, own := range map[string]string{"server": loaded.Seals.Key, "worker": loaded.Seals.Decider} {
		seen := mounts(services[name])
		require.Equal(t, "keys/public", seen[path.Dir(loaded.Seals.Keys)], "%s verifies no seals", name)
		var private []string
		for target, source := range seen {
			if strings.HasPrefix(source, "keys/") && source != "keys/public" {
				private = append(private, target)
			}
		}
		require.Equal(t, []string{path.Dir(own)}, private, name)
	}
}

func TestTheKeysOfTheDeploymentAreMadeAsItsFileSays(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docker-compose.yml")
	require.NoError(t, err)
	keys := mounts(compose(t, "keys").Services["keys"])
	require.Equal(t, map[string]string{"/keys": "keys"}, keys)
	for role, file := range map[string]string{"server": "/etc/curfew/keys/server/key.pem", "decider": "/etc/curfew/keys/decider/key.pem"} {
		made := strings.Replace(file, "/etc/curfew", "", 1)
		require.Contains(
			t,
			string(text),
			"run --rm keys new --role "+role+" --private "+made+" --public /keys/public/keys.json\n",
		)
	}
	require.Equal(t, "none", compose(t, "keys").Services["keys"].NetworkMode, "no key leaves the host")
}
