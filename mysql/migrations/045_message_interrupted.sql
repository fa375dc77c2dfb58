-- An answer that was cut because its worker went away is no failure of the model: people see it as such.
ALTER TABLE messages
  MODIFY state ENUM('open', 'done', 'stopped', 'failed', 'interrupted') NOT NULL;
