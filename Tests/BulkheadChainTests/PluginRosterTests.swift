import BulkheadChain
import BulkheadChildren
import BulkheadModel
import BulkheadSystem
import BulkheadWire
import Testing

@Suite(.timeLimit(.minutes(1))) struct PluginRosterTests {
    private static let roster = PluginRoster([Sample.plugin(1), Sample.plugin(2)])

    @Test func aNewcomerWorksOnlyWithTheNextHost() {
        var roster = Self.roster
        roster.admit(Sample.plugin(3))
        #expect(roster.ids == [1, 2] && roster[3] != nil)
        roster.adopt([3, 1, 2])
        #expect(roster.ids == [3, 1, 2])
        roster.admit(Sample.plugin(4))
        roster.forget(4)
        #expect(roster[4] == nil)
        // What the next host does not have is gone, and so is what it was not to have.
        roster.admit(Sample.plugin(5))
        roster.adopt([1])
        #expect(roster.ids == [1] && roster[5] == nil && roster[3] == nil)
    }

    @Test func pluginsAreArrangedAndRemovedByTheirIdentity() {
        var roster = Self.roster
        roster.arrange([2, 9, 1])
        #expect(roster.ids == [2, 1])
        roster.remove(2)
        roster.remove(9)
        #expect(roster.ids == [1])
        // Its host may still be ending it.
        #expect(roster.name(of: 2) == Self.roster[2]?.name && roster.name(of: 9) == nil)
    }

    /// A change of a plugin that fails is taken back without touching what happened to it meanwhile.
    @Test func aRollbackKeepsFiguresAndChargesThatCameMeanwhile() {
        var roster = Self.roster
        roster.update(1) { _ = $0.charge(at: Sample.moment(0)) }
        let old = roster[1]
        roster.edit(1, .pardon)
        #expect(roster[1]?.isActive ?? false)
        roster.update(1) { $0.note(PluginTime(id: 1, microseconds: 100)) }
        var quiet = roster
        let restore = ChangePlan.Edit.restore(old?.quarantine ?? Quarantine(), refusal: Refusal(.other, "gone"))
        quiet.edit(1, restore)
        #expect(
            quiet[1]?.quarantine == old?.quarantine && quiet[1]?.refusal == Refusal(.other, "gone")
                && quiet[1]?.calls == 1)
        roster.update(1) { _ = $0.charge(at: Sample.moment(5000)) }
        roster.edit(1, restore)
        #expect(roster[1]?.quarantine.secondsLeft(at: Sample.moment(5000)) == 1, "the new charge stands")
    }

    @Test func aHostOnAirLetsInWhatItHasLoaded() {
        var roster = Self.roster
        roster.update(1) {
            _ = $0.charge(at: Sample.moment(0))
            $0.refusal = Refusal(.other, "gone")
        }
        // Too early: the host had loaded the plugin before it was charged.
        let early = roster.goOnAir(with: [1: .video, 2: .audio], at: Sample.moment(500))
        #expect(early == [1])
        #expect(roster[1]?.isActive == false && roster[1]?.refusal == nil && roster[2]?.abilities == .audio)
        let due = roster.goOnAir(with: [1: .video], at: Sample.moment(1000))
        #expect(due.isEmpty)
        #expect(roster[1]?.isActive == true)
    }

    /// What the host has loaded of plugins 1 (pictures) and 2 (sound), and what the post can do then.
    @Test(
        arguments: [
            (nil, false, false), ([:], false, false), ([1: .video], true, false), ([2: .audio], false, true),
            ([1: .video, 2: .audio], true, true), ([1: .events], false, false), ([9: .video], false, false),
        ] as [([PluginID: PluginAbilities]?, Bool, Bool)])
    func termsFollowTheHost(loaded: [PluginID: PluginAbilities]?, pictures: Bool, sound: Bool) {
        let terms = Self.roster.terms(loaded: loaded, deadline: .milliseconds(30))
        #expect(terms.worksOnPictures == pictures && terms.worksOnSound == sound)
        #expect(terms.wantsPictures, "a picture without its plugin is unfiltered, whatever the host can do")
    }

    @Test func whatIsLeftOutDoesNotWork() {
        var roster = Self.roster
        let loaded: [PluginID: PluginAbilities] = [1: .video, 2: .video]
        roster.update(1) { _ = $0.charge(at: Sample.moment(0)) }
        roster.update(2) { $0.choice.isEnabled = false }
        let terms = roster.terms(loaded: loaded, deadline: .zero)
        #expect(!terms.worksOnPictures && terms.wantsPictures && !roster.isActive)
        roster.update(1) { $0.choice.isEnabled = false }
        #expect(!roster.terms(loaded: loaded, deadline: .zero).wantsPictures, "nobody asks for a plugin that is off")
    }
}
