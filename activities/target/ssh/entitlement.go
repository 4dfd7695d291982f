package ssh

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"curfew/activities/target"
	"curfew/workflows/contract"
)

const (
	mostPrincipals  = 16
	mostAddresses   = 16
	longestCommand  = 1024 // in bytes
	usualExtension  = "permit-pty"
	accountsName    = "{account}" // stands for the subject's account in a principal
	sampleAccount   = "account"
	principalsUsage = "list 1 to 16 names of letters, digits and . _ @ + -"
)

// principalForm is what can stand in a host's file of principals without being taken for something else.
var principalForm = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._@+-]{0,127}$`)

// knownExtensions are those of OpenSSH.
var knownExtensions = []string{
	"no-touch-required",
	"permit-X11-forwarding",
	"permit-agent-forwarding",
	"permit-port-forwarding",
	usualExtension,
	"permit-user-rc",
}

// entitlement is what certificates allow, as it is written in a template.
type entitlement struct {
	Extensions      []string `json:"extensions,omitempty" doc:"what certificates permit; permit-pty when left out, [] for nothing"`
	ForceCommand    string   `json:"forceCommand,omitempty" doc:"the one command that hosts run, whatever command the person gives"`
	Principals      []string `json:"principals,omitempty" doc:"the names that hosts let in; {account}, which is the default, stands for the subject's account"`
	SourceAddresses []string `json:"sourceAddresses,omitempty" doc:"addresses and networks that certificates can be used from; any when left out"`
}

// canonical is an entitlement with its defaults written out: no extensions are not the usual ones.
type canonical struct {
	Extensions      []string `json:"extensions"`
	ForceCommand    string   `json:"forceCommand,omitempty"`
	Principals      []string `json:"principals"`
	SourceAddresses []string `json:"sourceAddresses,omitempty"`
}

func normalize(written json.RawMessage) (json.RawMessage, error) {
	var wanted entitlement
	if err := target.DecodeEntitlement(written, &wanted); err != nil {
		return nil, err
	}
	for _, check := range []func(*entitlement) error{checkExtensions, checkCommand, checkPrincipals, checkAddresses} {
		if err := check(&wanted); err != nil {
			return nil, err
		}
	}
	text, err := json.Marshal(canonical(wanted))
	if err != nil {
		return nil, fmt.Errorf("write the entitlement: %w", err)
	}
	return text, nil
}

func checkExtensions(wanted *entitlement) error {
	if wanted.Extensions == nil {
		wanted.Extensions = []string{usualExtension}
	}
	for i, extension := range wanted.Extensions {
		if !slices.Contains(knownExtensions, extension) {
			return contract.Invalid("entry %d is none that OpenSSH knows", i+1).
				At("extensions").
				Advise("choose from " + strings.Join(knownExtensions, ", "))
		}
	}
	wanted.Extensions = sorted(wanted.Extensions)
	return nil
}

func checkCommand(wanted *entitlement) error {
	switch {
	case len(wanted.ForceCommand) > longestCommand:
		return contract.Invalid("has more than %d bytes", longestCommand).
			At("forceCommand").
			Advise("name a script on the hosts")
	case strings.ContainsFunc(wanted.ForceCommand, unicode.IsControl):
		return contract.Invalid("has control characters").At("forceCommand").Advise("write one line")
	default:
		return nil
	}
}

func checkPrincipals(wanted *entitlement) error {
	if wanted.Principals == nil {
		wanted.Principals = []string{accountsName}
	}
	wanted.Principals = sorted(wanted.Principals)
	if count := len(wanted.Principals); count == 0 || count > mostPrincipals {
		return contract.Invalid("has %d different entries", count).At("principals").Advise(principalsUsage)
	}
	for _, principal := range expand(wanted.Principals, sampleAccount) {
		if !principalForm.MatchString(principal) {
			return contract.Invalid("%.200q can't be a principal", principal).At("principals").Advise(principalsUsage)
		}
	}
	return nil
}

func checkAddresses(wanted *entitlement) error {
	const fix = "list 1 to 16 addresses and networks like 192.0.2.0/24, or leave it out"
	if wanted.SourceAddresses == nil {
		return nil
	}
	for i, written := range wanted.SourceAddresses {
		network, err := network(written)
		if err != nil {
			return contract.Invalid("%.200q is neither an address nor a network", written).
				At("sourceAddresses").
				Advise(fix)
		}
		wanted.SourceAddresses[i] = network.String()
	}
	wanted.SourceAddresses = sorted(wanted.SourceAddresses)
	if count := len(wanted.SourceAddresses); count == 0 || count > mostAddresses {
		return contract.Invalid("has %d different entries", count).At("sourceAddresses").Advise(fix)
	}
	return nil
}

// network reads an address as the network of it alone. Hosts refuse a network with bits that its mask would cut off.
func network(written string) (netip.Prefix, error) {
	if address, err := netip.ParseAddr(written); err == nil && address.Zone() == "" {
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	network, err := netip.ParsePrefix(written)
	return network.Masked(), err
}

// expand puts an account where principals name it.
func expand(principals []string, account string) []string {
	expanded := make([]string, len(principals))
	for i, principal := range principals {
		expanded[i] = strings.ReplaceAll(principal, accountsName, account)
	}
	return expanded
}

func sorted(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}
