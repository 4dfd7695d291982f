package ssh

import (
	"encoding/binary"

	"golang.org/x/crypto/ssh"
)

// What OpenSSH's description of its key revocation lists calls these.
const (
	krlMagic               = 0x5353484b524c0a00 // "SSHKRL", a line feed and a zero
	krlFormat              = 1
	krlSectionCertificates = 1
	krlSectionSerialList   = 0x20
)

// krl is a whole list. Hosts ignore the comment; ours says whose record the list follows from.
type krl struct {
	Magic    uint64
	Format   uint32
	Version  uint64
	MadeAt   uint64 // in Unix seconds
	Flags    uint64
	Reserved string
	Comment  string
	Sections []byte `ssh:"rest"`
}

// krlSection is one part of a list, or one part of such a part.
type krlSection struct {
	Type byte
	Data []byte
}

// krlCertificates is the part about certificates of one authority.
type krlCertificates struct {
	CA       []byte
	Reserved string
	Sections []byte `ssh:"rest"`
}

const krlCommentStart = "curfew "

// krl is the list that follows from the record: always the same bytes for the same edition.
func (r *record) krl(authority ssh.PublicKey) []byte {
	list := krl{
		Magic: krlMagic, Format: krlFormat, Version: r.List.Version, Comment: krlCommentStart + r.ID,
		MadeAt: uint64(r.List.MadeAt.Unix()), //nolint:gosec // it was made after 1970
	}
	var serials []byte
	for _, serial := range r.revoked() {
		serials = binary.BigEndian.AppendUint64(serials, serial)
	}
	if len(serials) > 0 {
		list.Sections = ssh.Marshal(krlSection{Type: krlSectionCertificates, Data: ssh.Marshal(krlCertificates{
			CA: authority.Marshal(), Sections: ssh.Marshal(krlSection{Type: krlSectionSerialList, Data: serials}),
		})})
	}
	return ssh.Marshal(list)
}

// follows tells whether a list may be replaced by one that follows from the record, and if not, why. A list of somebody
// else's, or a newer one of our own, may revoke what would work again.
func (r *record) follows(list []byte) (fault, fix string) {
	var found krl
	switch {
	case len(list) == 0:
		return "", ""
	case ssh.Unmarshal(list, &found) != nil || found.Magic != krlMagic:
		return "is no list of revoked keys", "move it away, or name another file in the target's krl"
	case len(found.Sections) == 0 && found.Comment == "":
		return "", "" // as ssh-keygen -k makes it
	case found.Comment != krlCommentStart+r.ID:
		return "is not the list of this target's state, and may revoke what is not in the state",
			"bring back the state that it belongs to, or name another file in the target's krl"
	case found.Version > r.List.Version:
		return "is newer than the target's state, as if the state came from a backup",
			"bring back the newer state; or, if what was revoked since may work until it runs out, move the list away"
	default:
		return "", ""
	}
}
