namespace Rqml.Messaging.Links;

public sealed class LinkLifeTests
{
    private static readonly LinkSettings Settings = new();

    [Fact]
    public void The_first_try_comes_at_once_and_each_further_one_within_twice_the_time()
    {
        var life = new LinkLife(Settings, 1);
        Assert.Equal(0, life.RetryInMs());
        long mostMs = Settings.FirstRetryMs;
        for (var failures = 1; failures <= 12; failures++)
        {
            life.Parted(failures);
            var waits = Enumerable.Range(0, 200).Select(_ => life.RetryInMs()).ToArray();
            Assert.All(waits, waitMs => Assert.InRange(waitMs, 0, mostMs));
            Assert.True(waits.Max() > mostMs / 2 && waits.Min() < mostMs / 2, "the jitter is not full");
            mostMs = Math.Min(2 * mostMs, Settings.LongestRetryMs);
        }

        life.Opened(100);
        Assert.Equal(0, life.RetryInMs());
    }

    [Fact]
    public void A_peer_that_was_away_for_long_is_given_up_and_one_that_nobody_wants_is_not()
    {
        var life = new LinkLife(Settings, 1);
        life.Opened(1_000);
        Assert.False(life.IsGivenUp(1_000_000));
        life.Heard(2_000);
        life.Parted(2_500);      // away since it was heard last
        life.Parted(6_000);      // a further try
        Assert.False(life.IsGivenUp(2_000 + Settings.Liveness.SilentMs - 1));
        Assert.True(life.IsGivenUp(2_000 + Settings.Liveness.SilentMs));
        life.Rest();

        Assert.False(life.IsGivenUp(1_000_000));
    }

    [Fact]
    public void Who_was_away_for_long_is_cut_off_from_whatever_verdicts_were_given_until_it_is_there_again()
    {
        var life = new LinkLife(Settings, 1);
        Assert.False(life.IsCutOff(1_000_000));      // nobody has tried
        life.Opened(1_000);
        life.Heard(2_000);
        life.Parted(2_500);
        life.Rest();
        life.Parted(4_000);
        Assert.False(life.IsCutOff(2_000 + Settings.Liveness.SilentMs - 1));
        Assert.True(life.IsCutOff(2_000 + Settings.Liveness.SilentMs));
        life.Rest();
        Assert.True(life.IsCutOff(1_000_000));
        life.Opened(1_000_000);

        Assert.False(life.IsCutOff(2_000_000));
    }

    [Fact]
    public void What_was_not_heard_while_we_did_not_run_is_nobodys_silence()
    {
        var life = new LinkLife(Settings, 1);
        life.Opened(1_000);
        life.Parted(31_000);      // found out as we went on, half a minute later
        Assert.True(life.IsGivenUp(31_000));
        life.Forgive(31_000, 29_500);

        Assert.False(life.IsGivenUp(31_000));
        Assert.True(life.IsGivenUp(30_500 + Settings.Liveness.SilentMs));
    }

    [Fact]
    public void A_peer_that_has_been_heard_of_is_tried_as_if_for_the_first_time()
    {
        var life = new LinkLife(Settings, 1);
        for (var failures = 1; failures <= 12; failures++) life.Parted(failures);
        life.Encourage();

        Assert.All(Enumerable.Range(0, 200), _ => Assert.InRange(life.RetryInMs(), 0, Settings.FirstRetryMs));
    }

    [Fact]
    public void A_link_over_which_nothing_comes_is_silent()
    {
        var life = new LinkLife(Settings, 1);
        life.Opened(0);
        life.Heard(1_000);

        Assert.False(life.IsSilent(1_000 + Settings.Liveness.SilentMs - 1));
        Assert.True(life.IsSilent(1_000 + Settings.Liveness.SilentMs));
    }

    [Fact]
    public void Whoever_has_said_nothing_for_a_heartbeat_says_that_it_lives()
    {
        var life = new LinkLife(Settings, 1);
        life.Opened(0);
        life.Said(500);

        Assert.False(life.IsHeartbeatDue(500 + Settings.Liveness.HeartbeatMs - 1));
        Assert.True(life.IsHeartbeatDue(500 + Settings.Liveness.HeartbeatMs));
    }
}
