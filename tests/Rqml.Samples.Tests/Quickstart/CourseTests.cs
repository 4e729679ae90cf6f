using Quickstart;
using Rqml.Supervision;

namespace Rqml.Samples.Tests.Quickstart;

public sealed class CourseTests
{
    [Fact]
    public void An_iteration_that_is_made_again_after_a_loss_is_there_once()
    {
        var course = new Course();
        Assert.True(course.Add(new CoursePoint(2, "softmax", 0.95)));
        Assert.True(course.Add(new CoursePoint(1, "softmax", 0.94)));
        Assert.False(course.Add(new CoursePoint(2, "softmax", 0.95)));
        Assert.Equal([1, 2], course.Points.Select(point => point.Iteration));
    }

    [Fact]
    public void The_story_adds_what_an_earlier_run_did_and_how_the_vote_ended()
    {
        var course = new Course();
        course.Add(new CoursePoint(4, "perceptron", 0.95));
        course.Complete([Step(1, 3, ObservationKind.Refined, 0.94), Step(4, 4, ObservationKind.Voted, 0.98) with { Vote = new VoteTally(VoteVerdict.Rejected, 3, 1, 2, -1, 7) }]);

        Assert.Equal([new CoursePoint(3, "softmax", 0.94), new CoursePoint(4, "perceptron", 0.95)], course.Points);
        Assert.Equal(VoteVerdict.Rejected, course.Vote);
    }

    [Fact]
    public void A_plot_is_drawn_without_a_screen_even_of_a_course_without_a_point()
    {
        var path = Path.Combine(Path.GetTempPath(), $"{Path.GetRandomFileName()}.svg");
        var voted = new Course();
        voted.Complete([Step(1, 3, ObservationKind.Refined, 0.94), Step(3, 3, ObservationKind.Voted, 0.94) with { Vote = new VoteTally(VoteVerdict.Accepted, 3, 2, 1, 1, 7) }]);
        try
        {
            ConvergencePlot.Save(path, [voted, new Course()]);
            Assert.Contains("<svg", File.ReadAllText(path), StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void The_climb_of_a_task_numbers_what_was_decided_beside_going_on()
    {
        var path = Path.Combine(Path.GetTempPath(), $"{Path.GetRandomFileName()}.svg");
        StoryStep[] story =
        [
            Step(1, 3, ObservationKind.Refined, 0.94),
            Step(4, 4, ObservationKind.Refined, 0.94) with { Action = SupervisionAction.Escalate, Reason = "stalled: a larger model" },
            Step(4, 4, ObservationKind.Voted, 0.95) with { Action = SupervisionAction.Accept, Reason = "accepted by 2 of 3 voters", Maker = "rbf-ridge" },
        ];
        var course = new Course();
        course.Complete(story);
        try
        {
            ClimbPlot.Save(path, course, story, "Converged");
            var svg = File.ReadAllText(path);
            Assert.Contains("One task on its way: Converged", svg, StringComparison.Ordinal);
            Assert.Contains("1 stalled: a larger model", svg, StringComparison.Ordinal);
            Assert.Contains("2 accepted by 2 of 3 voters: what rbf-ridge made", svg, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Of_two_stories_the_one_with_more_different_decisions_has_more_to_tell()
    {
        StoryStep[] plain = [Step(1, 3, ObservationKind.Refined, 0.94), Step(4, 9, ObservationKind.Refined, 0.95)];
        StoryStep[] voted = [Step(1, 3, ObservationKind.Refined, 0.94), Step(3, 3, ObservationKind.Voted, 0.94)];
        Assert.True(Decisions.Variety(voted) > Decisions.Variety(plain));
        Assert.Equal(9, Decisions.Of([plain]).Counted["Continue"]);
    }

    private static StoryStep Step(int from, int to, ObservationKind kind, double score) => new()
    {
        From = from,
        To = to,
        Model = "softmax",
        Node = new NodeId("a"),
        Kind = kind,
        Score = score,
        Action = SupervisionAction.Continue,
        Reason = "gets on",
        PolicyVersion = 1,
    };
}
