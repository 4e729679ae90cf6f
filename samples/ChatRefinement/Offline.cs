using Rqml.ChatServer;

namespace ChatRefinement;

/// <summary>What the server in this process answers: a small model that listens but soon has no more to say, a large one that does, and a critic that knows what it wants.</summary>
internal static class Offline
{
    private const string Draft = "Rqml refines answers with language models. It goes round until the answer is good. It is for engineers who want good answers.";
    private const string Second = "Rqml refines answers with language models. It goes round until the answer is good enough. It is for engineers who want good answers.";
    private const string Revised = "Rqml refines an answer with language models, round by round, until it is good enough. Each round is kept, so that a crash loses nothing. It runs no workflows.";
    private const string Final = "Rqml refines one answer with language models, round by round, until rules, a bar and a critic agree that it is good enough. Each round is kept on disk, so that a crash loses nothing that was confirmed. It runs no workflows: a task has one answer and one loop, no branches and no timers.";

    public static Task<ChatServer> StartAsync() => ChatServer.StartAsync(Answer);

    private static ChatReply Answer(ChatRequest request)
    {
        if (request.Schema is not null) return ChatReply.Say(Criticise(request.Last));
        if (request.Model == "large") return ChatReply.Say(Final);
        if (request.Last.Contains("What reviewers said", StringComparison.Ordinal)) return ChatReply.Say(Revised);
        return ChatReply.Say(request.Last.Contains(Draft, StringComparison.Ordinal) ? Second : Draft);
    }

    private static string Criticise(string asked)
    {
        if (!asked.Contains("workflows", StringComparison.Ordinal)) return """{"remark": "Say what it does not do, and what happens after a crash.", "isAcceptable": false, "confidence": 0.9}""";
        return asked.Contains("no branches", StringComparison.Ordinal)
            ? """{"remark": "", "isAcceptable": true, "confidence": 0.95}"""
            : """{"remark": "Say what a workflow has that a task has not, and who decides that an answer is good enough.", "isAcceptable": false, "confidence": 0.8}""";
    }
}
