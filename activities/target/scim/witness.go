package scim

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"curfew/internal/outbound"
	"curfew/workflows/contract"
)

const (
	mostNamed  = 10 // people in one error
	longestTag = 64 // of each, in bytes
)

// verify reads the group after a change, and fails when anybody else was moved, or when the user is still shown who was
// removed. That a user is not shown who was added is judged by whoever asked for it.
func (c *connector) verify(ctx context.Context, m membership, in bool, before view, made outcome) error {
	m.namesake = nil // it was not asked to be changed
	after, err := c.look(ctx, m)
	if err != nil {
		return fmt.Errorf("read the group back: %w", err)
	}
	failed := in && after.standing != held || !in && after.standing == held
	// The change was for the version that was read before, and nothing came between it and the reading after. A version
	// that stays when the group changes says nothing.
	alone := made.version != "" && made.version == after.version && made.version != before.version
	if err := c.harm(m, in, compare(before, after, m.user.ID), failed, alone); err != nil {
		return err
	}
	if failed && !in {
		return contract.Unavailable("%s said that %s, but does not show it", c.api, m.described(in)).
			Advise("see in the service what became of it if this goes on")
	}
	return nil
}

// moved is what happened to all but one member of a group between two views.
type moved struct {
	gone, come []string
	stayed     int
}

func compare(before, after view, except string) moved {
	was, is := before.others(except), after.others(except)
	gone, come := without(was, is), without(is, was)
	return moved{gone: gone, come: come, stayed: len(was) - len(gone)}
}

// harm tells the work of the service from that of others, who may change the group at the same moment. When versions
// show that nobody else did, every move is the service's. Otherwise some of the others may well have been moved by
// somebody; but not all of them, nor another than the user.
func (c *connector) harm(m membership, in bool, others moved, failed, alone bool) error {
	kind := contract.KindDenied
	switch {
	case alone && len(others.gone)+len(others.come) > 0:
	case len(others.gone) > 0 && (failed || others.stayed == 0):
	case len(others.come) > 0 && failed && in:
		// It may have been another's, and the user's was lost: trying again tells.
		kind = contract.KindUnavailable
	default:
		return nil
	}
	return kind.Problem("%s was asked that %s, and others' membership changed: %s", c.api, m.described(in), others).
		Advise("if nobody else did that just now, undo it, and let Curfew change this group no more until the service is mended")
}

// String names those who moved.
func (o moved) String() string {
	var parts []string
	for _, part := range []struct {
		word  string
		names []string
	}{{"gone: ", o.gone}, {"come: ", o.come}} {
		if len(part.names) == 0 {
			continue
		}
		text := part.word + strings.Join(part.names[:min(len(part.names), mostNamed)], ", ")
		if more := len(part.names) - mostNamed; more > 0 {
			text += fmt.Sprintf(" and %d more", more)
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "; ")
}

func (m membership) described(in bool) string {
	if in {
		return fmt.Sprintf(
			"%s came into the group %s (%s)",
			outbound.Clip(m.user.UserName),
			m.group.DisplayName,
			m.group.Group,
		)
	}
	return fmt.Sprintf("%s left the group %s (%s)", outbound.Clip(m.user.UserName), m.group.DisplayName, m.group.Group)
}

// others are the members but one, by their ids, with the names that errors show. A group that is gone has none.
func (v view) others(except string) map[string]string {
	names := map[string]string{}
	if v.group == nil {
		return names
	}
	for _, one := range v.group.members() {
		if one.Value == except {
			continue
		}
		names[one.Value] = tag(one.Value)
		if one.Display != "" {
			names[one.Value] = tag(one.Display) + " (" + tag(one.Value) + ")"
		}
	}
	return names
}

func tag(text string) string { return contract.Shorten(outbound.Clip(text), longestTag) }

// without are the names of those in one set and not in another, in the order of their ids.
func without(all, but map[string]string) []string {
	var names []string
	for _, id := range slices.Sorted(maps.Keys(all)) {
		if _, too := but[id]; !too {
			names = append(names, all[id])
		}
	}
	return names
}
