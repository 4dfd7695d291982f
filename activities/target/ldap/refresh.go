package ldap

import (
	"errors"
	"strings"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"

	"curfew/workflows/contract"
)

// refreshOperation is the extended operation of RFC 2589 that sets how long an entry lasts from now on.
const refreshOperation = "1.3.6.1.4.1.1466.101.119.1"

// outlive lets an entry last for this long from now on, whether that is longer than before or shorter.
func (e *entries) outlive(on *link, dn string, life time.Duration) error {
	seconds := int64((life + time.Second - 1) / time.Second)
	asked := ber.NewSequence("refresh")
	asked.AppendChild(ber.NewString(ber.ClassContext, ber.TypePrimitive, 0, dn, "entryName"))
	asked.AppendChild(ber.NewInteger(ber.ClassContext, ber.TypePrimitive, 1, seconds, "requestTtl"))
	value := ber.NewString(ber.ClassContext, ber.TypePrimitive, 1, string(asked.Bytes()), "requestValue")
	_, err := on.Extended(ldap.NewExtendedRequest(refreshOperation, value))
	switch {
	case hasCode(err, ldap.LDAPResultSizeLimitExceeded):
		return contract.Denied("%s lets no entry last for %s", e, life.Round(time.Minute)).
			At("until").
			Advise("ask for less, or raise dds-max-ttl")
	case hasCode(err, ldap.LDAPResultNoSuchObject):
		return contract.Unavailable("%s was removed meanwhile", dn)
	case hasCode(err, ldap.LDAPResultObjectClassViolation):
		return contract.Denied("%s has the name of this grant and does not expire", dn).
			Advise("look who made it, and remove it")
	case hasCode(err, ldap.LDAPResultProtocolError):
		return e.nothingExpires()
	default:
		return err
	}
}

func (e *entries) nothingExpires() error {
	return contract.Denied("%s lets nothing under %s expire", e, canonical(e.container)).
		At("container").
		Advise("load the overlay dds for its database")
}

// isFull tells one meaning of "unwilling to perform" from its others. Only the text can.
func isFull(err error) bool {
	var answer *ldap.Error
	return errors.As(err, &answer) && strings.Contains(answer.Error(), "too many dynamicObjects")
}
