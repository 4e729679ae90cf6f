namespace Rqml.Extensions.AI;

/// <summary>How a scorer or validator over a chat client works.</summary>
public sealed class ChatJudgeOptions : ChatCallOptions;
