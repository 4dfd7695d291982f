package ldap

import (
	"regexp"

	"curfew/activities/target"
	"curfew/internal/strictyaml"
	"curfew/workflows/contract"
)

const (
	attributeMember       = "member"
	attributeUniqueMember = "uniqueMember"
	attributeMemberUID    = "memberUid" // holds logins, not DNs
	attributeUID          = "uid"
)

// Settings say how to reach a directory and how its groups are made, for the kind "ldap".
type Settings struct {
	Server
	MemberAttribute string `yaml:"memberAttribute" default:"member" enum:"member,uniqueMember,memberUid" doc:"The attribute in which groups keep their members."`
	Placeholder     string `yaml:"placeholder" doc:"The DN that takes the place of a group's last member, where groups may not be empty."`
}

// EntrySettings say how to reach a directory and where Curfew's own groups are, for the kind "ldap-entry".
type EntrySettings struct {
	Server
	Container string `yaml:"container" required:"write the DN of an entry that is there, like ou=curfew,dc=example,dc=org" doc:"The DN that all groups of this target's entitlements lie under."`
}

// Server says how to reach a directory, and how people are found in it.
type Server struct {
	URL            string            `yaml:"url" required:"write it like ldaps://ldap.example.com" doc:"ldaps://host, or ldap://host with startTLS."`
	StartTLS       bool              `yaml:"startTLS" doc:"Whether a connection by ldap:// is encrypted before anything is said."`
	RootCA         strictyaml.Secret `yaml:"rootCA" otherwise:"those of the system" doc:"The certificates to trust, in PEM; no secret, but referred to like one."`
	BindDN         string            `yaml:"bindDN" required:"write the DN of Curfew's own entry" doc:"The DN of Curfew's own entry."`
	Password       strictyaml.Secret `yaml:"password" required:"refer to the password of bindDN; a directory takes whoever has none for nobody" doc:"The password of that entry."`
	MaxConnections int               `yaml:"maxConnections" default:"8" min:"1" max:"100" doc:"How many connections are open at most."`
	People         People            `yaml:"people" otherwise:"accounts are DNs" doc:"How an account leads to a person's entry."`
}

// People says how a login leads to a person's entry.
type People struct {
	Base      string `yaml:"base" doc:"The DN that all people lie under."`
	Attribute string `yaml:"attribute" doc:"The attribute that holds the account, like uid or mail."`
}

// Validate names what is wrong with the settings. It calls nobody.
func (s *Settings) Validate() error {
	_, err := s.groups()
	return err
}

// Open makes the connector; it calls nobody.
func (s *Settings) Open() (target.Connector, error) {
	return opened(s.groups())
}

func (s *Settings) groups() (*groups, error) {
	if err := strictyaml.Complete(s); err != nil {
		return nil, err
	}
	opened, err := s.openDirectory()
	if err != nil {
		return nil, err
	}
	attribute := s.MemberAttribute
	switch {
	case attribute == attributeMemberUID && s.People == People{}:
		return nil, contract.Invalid("is missing, and memberUid holds logins").
			At("people").
			Advise("write base and attribute, so that logins can be looked up")
	case attribute == attributeMemberUID && s.Placeholder != "":
		return nil, contract.Invalid("is a DN, and memberUid holds logins").
			At("placeholder").
			Advise("leave it out: a posixGroup may be empty")
	case s.Placeholder != "":
		if _, err := parseDN("placeholder", s.Placeholder); err != nil {
			return nil, err
		}
	}
	opened.withUID = attribute == attributeMemberUID
	return &groups{directory: opened, attribute: attribute, placeholder: s.Placeholder}, nil
}

// Validate names what is wrong with the settings. It calls nobody.
func (s *EntrySettings) Validate() error {
	_, err := s.entries()
	return err
}

// Open makes the connector; it calls nobody.
func (s *EntrySettings) Open() (target.Connector, error) {
	return opened(s.entries())
}

func (s *EntrySettings) entries() (*entries, error) {
	if err := strictyaml.Complete(s); err != nil {
		return nil, err
	}
	opened, err := s.openDirectory()
	if err != nil {
		return nil, err
	}
	container, err := parseDN("container", s.Container)
	if err != nil {
		return nil, err
	}
	return &entries{directory: opened, container: container}, nil
}

var attributePattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,63}$`)

func (p People) validate() error {
	if p == (People{}) {
		return nil
	}
	if _, err := parseDN("people.base", p.Base); err != nil {
		return err
	}
	if !attributePattern.MatchString(p.Attribute) {
		return contract.Invalid("%q is not the name of an attribute", contract.Shorten(p.Attribute, shown)).
			At("people.attribute").
			Advise("name the attribute that holds logins, like uid")
	}
	return nil
}

// opened keeps a connector that could not be made from being taken for one.
func opened[C target.Connector](connector C, err error) (target.Connector, error) {
	if err != nil {
		return nil, err
	}
	return connector, nil
}
